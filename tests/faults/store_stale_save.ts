import type { FileStore } from "../../lib/files/store/file_store.ts";
import { batchOf, order, process, TestStorage } from "../support/storage.ts";
import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";
import { checkStorage } from "./invariant.ts";
import { moment } from "./kafka_world.ts";

const STEPS = 16;
/** A half-saved file counts from this age on, in milliseconds; a run whose editor was slower proves nothing. */
const SETTLED_MS = 200;
const TOO_SLOW = 150;

/** What happened to the stock, as the test saw it, to say what a save is worth. */
interface Event {
  seq: number;
  item: string;
  sold?: number;
  set?: number;
}

/** One storage, edited by tools, by orders and by an editor that may have opened the file long ago. */
class StaleEditor implements AsyncDisposable {
  readonly storage: TestStorage;
  readonly #random: () => number;
  readonly #events: Event[] = [];
  readonly #stock = new Map<string, number>();
  readonly #sent: string[] = [];
  #store: FileStore;
  #copy: string;
  #offset = 0;

  private constructor(storage: TestStorage, store: FileStore, random: () => number) {
    this.storage = storage;
    this.#store = store;
    this.#random = random;
    this.#copy = storage.text("inventory.csv");
    for (const { seq, item, set } of storage.edits()) this.#note({ seq, item, set: set! });
  }

  static async open(random: () => number): Promise<StaleEditor> {
    const storage = await TestStorage.create({ items: { book: 40, pen: 60 } });
    return new StaleEditor(storage, await storage.open(), random);
  }

  /** Something that happens; false where the editor was too slow for a half-saved file to be one. */
  async step(): Promise<boolean> {
    switch (this.#below(8)) {
      case 0:
        await this.#store.checkpoint();
        this.#copy = this.storage.text("inventory.csv");
        return true;
      case 1:
        await this.#tool();
        return true;
      case 2:
        await this.#save(this.#copy);
        return true;
      case 3:
        await this.#save(this.#changed());
        return true;
      case 4:
        return await this.#saveSlowly(this.#random() < 0.5 ? this.#copy : this.#changed());
      case 5:
        await this.storage.close(this.#store);
        this.#store = await this.storage.open();
        return true;
      default:
        await this.#orders();
        return true;
    }
  }

  async outcome(): Promise<FaultOutcome> {
    await this.storage.close(this.#store);
    const { lost, doubled, unbalanced, broken } = checkStorage(this.storage.folder, this.#sent);
    const actual = this.storage.stock();
    const wrong = [...new Set([...this.#stock.keys(), ...Object.keys(actual)])]
      .filter((item) => this.#stock.get(item) !== actual[item])
      .map((item) => `${item} is ${actual[item]}, expected ${this.#stock.get(item)}`);
    const counts = [lost, doubled, unbalanced].map(({ length }) => length);
    return { lost: counts[0], doubled: counts[1], unbalanced: counts[2], recoveryMs: 0, broken: [...broken, ...wrong] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.storage[Symbol.asyncDispose]();
  }

  async #orders(): Promise<void> {
    const items = [...this.#stock.keys()];
    const orders = Array.from({ length: 1 + this.#below(5) }, (_, index) =>
      order({
        order_id: `${this.#offset + index}`,
        item: items[this.#below(items.length)],
        quantity: 1 + this.#below(6),
      }));
    const before = this.storage.orders().length;
    await process(this.#store, batchOf(orders, { from: this.#offset }));
    this.#offset += orders.length;
    this.#sent.push(...orders.map(({ order_id }) => order_id));
    const logged = this.storage.orders().slice(before);
    for (const { seq, item, quantity } of logged) this.#note({ seq, item, sold: quantity });
  }

  async #tool(): Promise<void> {
    const item = ["book", "pen", "cup", "mug"][this.#below(4)];
    const set = this.#below(60);
    await this.storage.setStock(item, set);
    this.#note({ seq: this.storage.edits().at(-1)!.seq, item, set });
  }

  /** The old copy with another number in one row. */
  #changed(): string {
    const rows = this.#copy.trimEnd().split("\n");
    if (rows.length === 1) return this.#copy; // all items are gone, which is noticed elsewhere
    const at = 1 + this.#below(rows.length - 1);
    const [item, , asOf] = rows[at].split(",");
    rows[at] = [item, this.#below(this.#random() < 0.4 ? 8 : 60), asOf].join(",");
    return rows.join("\n") + "\n";
  }

  async #save(text: string): Promise<void> {
    this.storage.save("inventory.csv", text);
    this.#expect(text);
    await this.#see();
  }

  /** Half of the file first, the rest while the store is at work. */
  async #saveSlowly(text: string): Promise<boolean> {
    const path = this.storage.layout.inventory;
    const start = performance.now();
    Deno.writeTextFileSync(path, text.slice(0, 1 + this.#below(text.length - 1)));
    const seen = this.#store.checkpoint().catch(() => {}); // an outage; the whole file ends it
    await moment(10 + this.#random() * 50);
    Deno.writeTextFileSync(path, text);
    const isHalf = performance.now() - start < TOO_SLOW;
    await seen;
    await moment(SETTLED_MS);
    this.#expect(text);
    await this.#see();
    return isHalf;
  }

  /** Every save is seen before the next one replaces it. */
  async #see(): Promise<void> {
    await this.#store.checkpoint();
    this.#copy = this.#random() < 0.5 ? this.#copy : this.storage.text("inventory.csv");
    const known = this.#events.length;
    for (const { seq, item, set, by } of this.storage.edits()) {
      if (by === "hand" && !this.#events.some((event) => event.seq === seq)) {
        this.#events.push({ seq, item, set: set! });
      }
    }
    if (this.#events.length > known) this.#events.sort((a, b) => a.seq - b.seq);
  }

  /** A row counts as of its number; what came later comes on top, and stock is never negative. */
  #expect(text: string): void {
    for (const row of text.trimEnd().split("\n").slice(1)) {
      const [item, quantity, asOf] = row.split(",");
      const later = this.#events.filter((event) => event.item === item && event.seq > Number(asOf));
      if (later.some(({ set }) => set !== undefined)) continue;
      this.#stock.set(item, Math.max(0, later.reduce((left, { sold = 0 }) => left - sold, Number(quantity))));
    }
  }

  #note(event: Event): void {
    this.#events.push(event);
    this.#stock.set(event.item, event.set ?? this.#stock.get(event.item)! - event.sold!);
  }

  #below(end: number): number {
    return Math.floor(this.#random() * end);
  }
}

/** Orders, tools, kills and an editor with an old copy of inventory.csv, in any order. */
export async function runStaleSaves({ random }: FaultContext): Promise<FaultOutcome> {
  await using editor = await StaleEditor.open(random);
  for (let step = 0; step < STEPS; step++) {
    if (!await editor.step()) break;
  }
  return await editor.outcome();
}

export const STALE_SAVE_FAULTS: readonly Fault[] = [{
  row: 13,
  name: "stale and half editor saves",
  runs: { full: 200, sample: 6 },
  run: runStaleSaves,
}];
