import assert from "node:assert/strict";
import fc from "fast-check";
import type { FileStore } from "../../../../lib/files/store/file_store.ts";
import { watchDisk } from "../../../support/disk.ts";
import { batchOf, order, process, requireBalance, TestStorage } from "../../../support/storage.ts";

/** A line of log or journal. */
interface Event {
  seq: number;
  item: string;
  sold?: number;
  set?: number | null;
}

type Row = [item: string, quantity: number, asOf?: number];

const item = fc.constantFrom("book", "pen", "car");
const quantity = fc.nat(30);
/** Which call to the disk is the last one, if there are so many. */
const diesAt = fc.nat(25);
const anyStep = fc.oneof(
  fc.record({ kind: fc.constant("batch" as const), item, quantity: fc.integer({ min: 1, max: 4 }), diesAt }),
  fc.record({ kind: fc.constant("tool" as const), item, quantity, diesAt }),
  fc.record({ kind: fc.constant("stop" as const), diesAt }),
  fc.record({ kind: fc.constant("keep" as const) }),
  fc.record({ kind: fc.constantFrom("set", "remove", "no as_of", "nothing"), item, quantity, isOld: fc.boolean() }),
);
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

/** A storage, a consumer that may be dead, and a person's save that nobody has seen yet. */
class World implements AsyncDisposable {
  #storage: TestStorage;
  #store: FileStore | undefined;
  #saved: string | undefined;
  /** What the file was: of its old copies a person may save the last one that was kept. */
  readonly #copies = new Set<string>();
  #kept: string;
  readonly #folders = new AsyncDisposableStack();
  #offset = 0;

  constructor(storage: TestStorage) {
    this.#storage = this.#folders.use(storage);
    this.#copies.add(this.#kept = this.#csv);
  }

  async step(step: Step): Promise<void> {
    if (step.kind === "keep") {
      if (rowsOf(this.#csv).length > 0) this.#copies.add(this.#kept = this.#csv);
    } else if ("isOld" in step) {
      this.#save(step);
    } else {
      await this.look();
      const store = this.#store!;
      await this.#upTo(step.diesAt, async () => {
        if (step.kind === "tool") return await this.#storage.setStock(step.item, step.quantity);
        if (step.kind === "stop") return await this.#storage.close(store);
        const from = this.#offset++;
        await process(
          store,
          batchOf([order({ order_id: `${from}`, item: step.item, quantity: step.quantity })], { from }),
        );
      });
      if (step.kind === "stop") this.#store = undefined;
    }
  }

  /** Has the consumer look at the files, and compares what it makes of them with what was meant. */
  async look(): Promise<void> {
    const saved = this.#saved;
    const before = this.#events();
    const meant = meaning(saved, before);
    this.#storage.warnings.length = 0;
    if (this.#store === undefined) this.#store = await this.#storage.open();
    else await process(this.#store, batchOf([], { from: this.#offset }));
    const after = this.#events();
    assert.deepEqual(meaning(this.#csv, after).stock, meant.stock, `${before.length} events, saved ${saved}`);
    for (const [item, , asOf = 0] of rowsOf(this.#csv)) {
      assert.ok(!after.some((event) => event.item === item && isEdit(event) && event.seq > asOf), `${item} is dated`);
    }
    if (saved === undefined) assert.equal(after.length, before.length, "nobody edited anything");
    else if (meant.ignored.length > 0 && !this.#copies.has(saved)) {
      assert.match(this.#storage.warnings.join(), /the edit counts/);
    }
    this.#saved = undefined;
  }

  async end(): Promise<void> {
    await this.look();
    await this.#storage.close(this.#store!);
    requireBalance(this.#storage);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#folders.disposeAsync();
  }

  get #csv(): string {
    return this.#storage.text("inventory.csv");
  }

  #events(): Event[] {
    const sold = this.#storage.orders().map(({ seq, item, quantity }) => ({ seq, item, sold: quantity }));
    return [...sold, ...this.#storage.edits()].sort((a, b) => a.seq - b.seq);
  }

  /** Runs `work`, and goes on with what is there before the call at which it dies. */
  async #upTo(diesAt: number, work: () => Promise<void>): Promise<void> {
    let left: TestStorage | undefined;
    let call = 0;
    await watchDisk(() => void (call++ === diesAt && (left = this.#storage.copy())), work);
    if (left === undefined) return;
    this.#storage = this.#folders.use(left);
    this.#store = undefined;
  }

  #save({ kind, item, quantity, isOld }: { kind: string; item: string; quantity: number; isOld: boolean }): void {
    if (this.#saved === undefined) this.#copies.add(this.#csv);
    const rows = rowsOf(isOld ? this.#kept : this.#csv).flatMap((row): Row[] => {
      if (kind === "no as_of") return [[row[0], row[1]]];
      if (row[0] !== item || kind === "nothing") return [row];
      return kind === "remove" ? [] : [[item, quantity, row[2]]];
    });
    if (rows.length === 0) return; // nobody can tell from when an empty file is
    const lines = rows.map(([item, quantity, asOf = ""]) => `${item},${quantity},${asOf}\n`);
    this.#storage.save("inventory.csv", this.#saved = "item,quantity,as_of\n" + lines.join(""));
  }
}

function rowsOf(csv: string): Row[] {
  return csv.trimEnd().split("\n").slice(1).map((row) => row.split(",")).map((
    [item, quantity, asOf],
  ) => [item, Number(quantity), asOf ? Number(asOf) : undefined]);
}

function isEdit({ set }: Event): boolean {
  return set !== undefined;
}

/**
 * The stock that a saved file means, and the items of which it is behind an edit: a row counts as of its number, later
 * orders come off it, and a later edit stands above it. An item without a row is gone as of the file.
 */
function meaning(csv: string | undefined, events: readonly Event[]) {
  const rows = new Map(rowsOf(csv ?? "").map((row) => [row[0], row]));
  const known = [...rows.values()].flatMap(([, , asOf]) => asOf ?? []);
  const newest = csv === undefined ? 0 : known.length === 0 ? Infinity : Math.max(...known);
  const stock: Record<string, number> = {};
  const ignored: string[] = [];
  for (const item of new Set([...rows.keys(), ...events.map(({ item }) => item)])) {
    const [, quantity, asOf = Infinity] = rows.get(item) ?? [item, undefined, newest];
    const later = events.filter((event) => event.item === item && event.seq > asOf);
    const edit = later.findLastIndex(isEdit);
    const base = edit < 0 ? quantity : later[edit].set;
    const left = later.slice(edit + 1).reduce((left, { sold = 0 }) => left - sold, base ?? 0);
    if (base !== undefined && base !== null) stock[item] = Math.max(0, left);
    if (edit >= 0 && stock[item] !== quantity) ignored.push(item);
  }
  return { stock, ignored };
}

Deno.test("FileStore makes of any kills and saves by hand what was meant, or says what does not count", async () => {
  const anyItems = fc.constantFrom<Record<string, number>>({}, { book: 10, pen: 20 });
  await fc.assert(
    fc.asyncProperty(anyItems, fc.array(anyStep, { maxLength: 14 }), async (items, steps) => {
      await using world = new World(await TestStorage.create({ items }));
      for (const step of steps) await world.step(step);
      await world.end();
    }),
    { numRuns: 150 },
  );
});
