import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { editStorage } from "../../lib/files/store/edit_storage.ts";
import { FileStore } from "../../lib/files/store/file_store.ts";
import { type StorageLayout, storageLayout } from "../../lib/files/disk/layout.ts";
import type { Verdict } from "../../lib/verdicts.ts";
import { columnsOf, judgeOf } from "./verdicts.ts";
import { historyOf } from "./compacted_history.ts";
import type { Order, ReceivedOrder } from "../../lib/order.ts";
import type { OrderBatch, OrderStore, TopicPartition } from "../../lib/ports.ts";

export const TOPIC = "orders";

/** An order of alice for one book, but for what is given. */
export function order(given: Partial<Order> & { order_id: string }): Order {
  return { user: "alice", item: "book", quantity: 1, created_at: 1_700_000_000_000, ...given };
}

/** A partition of a topic, as a store is asked about it. */
export function partitionOf(partition: number, topic: string = TOPIC): TopicPartition {
  return { topic, topicId: undefined, partition };
}

/** `orders` as a batch of one partition, the first at offset `from`; `to` defaults to the offset after the last. */
export function batchOf(
  orders: readonly Order[],
  { partition = 0, from = 0, topic = TOPIC, ...rest }: Partial<Omit<OrderBatch, "orders" | "deadLetters">> = {},
): OrderBatch {
  const to = rest.to ?? from + orders.length;
  const received = orders.map((order, index): ReceivedOrder => ({
    order,
    at: { topic, partition, offset: from + index },
  }));
  return { topic, partition, from, to, orders: columnsOf(received), deadLetters: [] };
}

/** Has `store` judge `batch` by the real rules. */
export async function process(store: OrderStore, batch: OrderBatch): Promise<Verdict[]> {
  return [...await store.process(batch, (view) => judgeOf(store).judge(batch.orders, view))];
}

/** Verdicts in short: `accepted`, `redelivered` or the reason. */
export function outcomes(verdicts: readonly Verdict[]): string[] {
  return verdicts.map((verdict) => verdict.kind === "rejected" ? verdict.reason : verdict.kind);
}

export interface LogLine extends Order {
  seq: number;
  batch: number;
  topic: string;
  partition: number;
  offset: number;
  remaining: number;
}

export interface EditLine {
  seq: number;
  item: string;
  set: number | null;
  was: number | null;
  by: string;
}

const SAMPLE = { users: { alice: "paid", bob: "unpaid" }, items: { book: 10, pen: 50 } };

/** A storage folder of a test's own; closed and removed when disposed. */
export class TestStorage implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "orders-storage-" });
  readonly layout: StorageLayout = storageLayout(this.folder);
  /** What the store and the tools told a person. */
  readonly warnings: string[] = [];
  readonly #open = new Set<FileStore>();
  /** Lines above which journals are compacted. */
  readonly compactAbove: number | undefined;
  #saves = 0;

  private constructor(compactAbove?: number) {
    this.compactAbove = compactAbove;
  }

  readonly warn = (sentence: string): void => void this.warnings.push(sentence);

  /** With users and items as the tools would have added them; alice may order, book 10 and pen 50 by default. */
  static async create({ users = SAMPLE.users, items = SAMPLE.items, compactAbove }: {
    users?: Record<string, string>;
    items?: Record<string, number>;
    compactAbove?: number;
  } = {}): Promise<TestStorage> {
    const storage = new TestStorage(compactAbove);
    await editStorage(storage.folder, async (edit) => {
      for (const [user, status] of Object.entries(users)) edit.users.append({ user, status });
      await edit.ledger.edit(Object.entries(items).map(([item, set]) => ({ item, set, by: "bootstrap" as const })));
    }, { ...storage, create: true });
    return storage;
  }

  /** With exactly these files, saved a while ago. */
  static of(files: Record<string, string | Uint8Array>, compactAbove?: number): TestStorage {
    const storage = new TestStorage(compactAbove);
    for (const [name, contents] of Object.entries(files)) storage.save(name, contents);
    return storage;
  }

  /** As a dead process would leave it now: the same files in a folder of their own, their locks free. */
  copy(): TestStorage {
    const copy = TestStorage.of(Object.fromEntries(this.files()), this.compactAbove);
    copy.#adoptIndex();
    return copy;
  }

  /** Makes a copied index one of the copied log, for it is bound to the inode of the log it was made from. */
  #adoptIndex(): void {
    const name = basename(this.layout.index);
    const index = this.files().get(name);
    if (index === undefined) return;
    const header = new TextDecoder().decode(index.subarray(0, 256)).trimEnd();
    const { ino } = Deno.statSync(this.layout.orders);
    const adopted = header.replace(/"logStamp":"\d+/, `"logStamp":"${ino}`).padEnd(256);
    index.set(new TextEncoder().encode(adopted));
    this.save(name, index);
  }

  async open(): Promise<FileStore> {
    const store = await FileStore.open(this.folder, this);
    this.#open.add(store);
    return store;
  }

  async close(store: FileStore): Promise<void> {
    this.#open.delete(store);
    await store.close();
  }

  /** What `deno task inventory` does to one item. */
  async setStock(item: string, set: number): Promise<void> {
    await editStorage(this.folder, ({ ledger }) => ledger.edit([{ item, set, by: "tool" }]), this);
  }

  /** What `deno task user` does to one user. */
  async setUser(user: string, status: string): Promise<void> {
    await editStorage(this.folder, ({ users }) => {
      if (users.row(user) === undefined) users.append({ user, status });
      else users.set(user, "status", status);
    }, this);
  }

  /** A person's save of a file, long enough ago to be known as finished, and never twice at the same time. */
  save(name: string, contents: string | Uint8Array): void {
    const path = join(this.folder, name);
    Deno.writeFileSync(path, typeof contents === "string" ? new TextEncoder().encode(contents) : contents);
    const then = new Date(Date.now() - 60_000 + ++this.#saves);
    Deno.utimeSync(path, then, then);
  }

  text(name: string): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.bytes(name));
  }

  bytes(name: string): Uint8Array {
    return Deno.readFileSync(join(this.folder, name));
  }

  /** Every file but the locks, by name. */
  files(): Map<string, Uint8Array> {
    const names = [...Deno.readDirSync(this.folder)].filter(({ isFile, name }) => isFile && !name.endsWith(".lock"));
    return new Map(names.map(({ name }) => name).sort().map((name) => [name, this.bytes(name)]));
  }

  orders(): LogLine[] {
    return jsonLines(this.text("orders.jsonl"));
  }

  edits(): EditLine[] {
    return jsonLines(this.text("stock_edits.jsonl"));
  }

  /** Items and quantities as a person reads them in `inventory.csv`. */
  stock(): Record<string, number> {
    return stockIn(this.text("inventory.csv"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of this.#open) await store.close().catch(() => {}); // a test about a broken store has its error
    Deno.removeSync(this.folder, { recursive: true });
  }
}

/** The lines of a journal; what comes after the last line feed is no line. */
function jsonLines<T>(text: string): T[] {
  return text.split("\n").slice(0, -1).map((line) => JSON.parse(line));
}

function stockIn(csv: string): Record<string, number> {
  const [header, ...rows] = csv.replace("\ufeff", "").split(/\r?\n/).filter((row) => row !== "").map((row) =>
    row.split(",").map((cell) => cell.replace(/^"(.*)"$/, "$1"))
  );
  const [item, quantity] = [header.indexOf("item"), header.indexOf("quantity")];
  return Object.fromEntries(rows.map((row) => [row[item], Number(row[quantity])]));
}

/**
 * The balance of a folder whose checkpoint is written, worked out from its files alone and with none of `lib/`:
 * numbers without a hole, every edit and order following from the one before, each order_id once, and for each item
 * opening + edits - accepted = the stock in the CSV. Returns that stock.
 */
export function requireBalance(storage: TestStorage): Record<string, number> {
  const orders = storage.orders();
  const history = historyOf(orders, storage.edits());
  assert.deepEqual(history.broken, []);
  const stock = new Map([...history.stock].flatMap(([item, left]) => left === null ? [] : [[item, left] as const]));
  let last = history.compacted;
  for (const line of history.lines) {
    assert.equal(line.seq, ++last, `number ${last} is missing or there twice`);
    const item = line.item.normalize("NFC");
    const before = stock.get(item);
    if (line.quantity === undefined) {
      assert.equal(line.was, before ?? null, `edit ${line.seq} of ${line.item} follows from another stock`);
      assert.ok((line.set ?? 0) >= 0, `edit ${line.seq} of ${line.item} sets a stock below 0`);
      if (line.set === null) stock.delete(item);
      else stock.set(item, line.set!);
    } else {
      assert.ok(before !== undefined && before >= line.quantity, `order ${line.seq} had no stock to take from`);
      assert.equal(line.remaining, before - line.quantity, `order ${line.seq} left another stock`);
      stock.set(item, line.remaining!);
    }
  }
  assert.equal(new Set(orders.map(({ order_id }) => order_id)).size, orders.length, "an order_id is there twice");
  const csv = Object.entries(storage.stock()).map(([item, quantity]) => [item.normalize("NFC"), quantity] as const);
  assert.deepEqual(new Map(csv.sort()), new Map([...stock].sort()), "inventory.csv says otherwise");
  return Object.fromEntries(stock);
}

/** Asserts that `work` fails with this exit code and leaves every file but the locks as it is. */
export async function requireUntouched(
  storage: TestStorage,
  exit: number,
  work: () => Promise<unknown>,
): Promise<Error & { exit: number }> {
  const before = storage.files();
  let failure: (Error & { exit: number }) | undefined;
  await assert.rejects(work, (error: Error & { exit: number }) => {
    failure = error;
    assert.equal(error.exit, exit, error.message);
    return true;
  });
  const after = storage.files();
  assert.deepEqual([...after.keys()], [...before.keys()], "files were made or removed");
  for (const [name, bytes] of before) assert.deepEqual(after.get(name), bytes, `${basename(name)} was changed`);
  return failure!;
}
