import { nameKey } from "../order.ts";
import { AppendFile } from "./append_file.ts";
import { storageLayout } from "./layout.ts";
import { visitLines } from "./lines.ts";
import type { LoggedOrder } from "./order_log.ts";
import type { PartitionRanges } from "./positions.ts";
import { unsealLine } from "./sealed_line.ts";
import { HASH_WORDS, newHashKey, sipHash } from "./sip_hash.ts";
import type { StockEdit } from "./stock_math.ts";
import { viewStorage } from "./view_storage.ts";

/** A storage folder at one moment, between two batches and edits; its files only grow from there. */
export interface StorageSnapshot {
  folder: string;
  /** Bytes of each file that belong to the moment. */
  lengths: { orders: number; edits: number; rejected: number };
  /** Stock by `nameKey`. */
  stock: ReadonlyMap<string, { item: string; quantity: number }>;
  positions: PartitionRanges[];
}

/** Opening + edits - accepted = stock, for one item; `opening` is what it was created with. */
export interface ItemBalance {
  item: string;
  opening: number;
  edits: number;
  accepted: number;
  /** What the stock should be, and what it is; null where there is no such item. */
  expected: number | null;
  stock: number | null;
}

export interface BalanceAudit {
  items: ItemBalance[];
  /** What does not add up line by line: places and figures, one sentence each. */
  faults: string[];
  accepted: number;
}

/** Where a verdict was given. */
export interface VerdictPlace {
  topic: string;
  partition: number;
  offset: number;
}

/**
 * Takes a snapshot under the write lock, as short as a tool's edit; a consumer may go on meanwhile.
 *
 * Permissions: read and write of the folder (hand edits not seen yet are journalled, as by every tool, where it can be
 * written).
 */
export async function takeSnapshot(folder: string, warn: (sentence: string) => void): Promise<StorageSnapshot> {
  const { journalled, lengths, positions } = await viewStorage(folder, warn);
  return { folder, lengths, stock: journalled, positions };
}

/**
 * Counts the whole log and journal through, in the order of their sequence numbers, and compares with the stock.
 *
 * Streams: memory grows by 8 bytes an order (to find ids accepted twice). `visit` sees the place of each accepted order.
 */
export function auditBalance(snapshot: StorageSnapshot, visit: (place: VerdictPlace) => void): BalanceAudit {
  const layout = storageLayout(snapshot.folder);
  const books = new Books();
  const ids = new RepeatedIds();
  const edits = [...records<StockEdit>(layout.edits, snapshot.lengths.edits)];
  let next = 0;
  forEachRecord<LoggedOrder>(layout.orders, snapshot.lengths.orders, (order) => {
    while (next < edits.length && edits[next].seq < order.seq) books.edit(edits[next++]);
    books.accept(order);
    ids.add(order.order_id);
    visit(order);
  }, (at) => books.faults.push(`orders.jsonl is damaged at byte ${at}`));
  while (next < edits.length) books.edit(edits[next++]);
  const twice = ids.candidates();
  if (twice.size > 0) books.faults.push(...acceptedTwice(layout.orders, snapshot.lengths.orders, twice));
  return { items: books.balances(snapshot.stock), faults: books.faults, accepted: ids.size };
}

/** Visits the place of each rejected order. */
export function visitRejected(snapshot: StorageSnapshot, visit: (place: VerdictPlace) => void): void {
  forEachRecord<VerdictPlace>(storageLayout(snapshot.folder).rejected, snapshot.lengths.rejected, visit, () => {});
}

/** Running totals of every item. */
class Books {
  readonly faults: string[] = [];
  readonly #books = new Map<string, ItemBalance>();

  edit({ item, set, was, seq }: StockEdit): void {
    const book = this.#book(item);
    if (book.expected !== was) this.#fault(seq, item, `was ${book.expected}, the edit says ${was}`);
    if (book.expected === null && book.opening === 0) book.opening = set ?? 0;
    else book.edits += (set ?? 0) - (book.expected ?? 0);
    book.expected = set;
  }

  accept({ item, quantity, remaining, seq }: LoggedOrder): void {
    const book = this.#book(item);
    book.accepted += quantity;
    book.expected = (book.expected ?? 0) - quantity;
    if (book.expected !== remaining) this.#fault(seq, item, `has ${book.expected} left, the order says ${remaining}`);
    if (book.expected < 0) this.#fault(seq, item, `is oversold`);
  }

  balances(stock: StorageSnapshot["stock"]): ItemBalance[] {
    for (const [key, { item, quantity }] of stock) this.#book(item, key).stock = quantity;
    return [...this.#books.values()];
  }

  #book(item: string, key: string = nameKey(item)): ItemBalance {
    let book = this.#books.get(key);
    if (book === undefined) {
      book = { item, opening: 0, edits: 0, accepted: 0, expected: null, stock: null };
      this.#books.set(key, book);
    }
    return book;
  }

  #fault(seq: number, item: string, problem: string): void {
    this.faults.push(`number ${seq}: ${item} ${problem}`);
  }
}

/** Finds ids that occur twice among millions: 52-bit hashes, sorted; what collides is looked at exactly. */
class RepeatedIds {
  #hashes = new Float64Array(1 << 12);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(id: string): void {
    if (this.#size === this.#hashes.length) {
      const larger = new Float64Array(this.#size * 2);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    this.#hashes[this.#size++] = shortHash(id);
  }

  candidates(): Set<number> {
    const sorted = this.#hashes.subarray(0, this.#size).sort();
    return new Set(sorted.filter((hash, index) => index > 0 && hash === sorted[index - 1]));
  }
}

function acceptedTwice(path: string, length: number, candidates: ReadonlySet<number>): string[] {
  const count = new Map<string, number>();
  forEachRecord<LoggedOrder>(path, length, ({ order_id }) => {
    if (candidates.has(shortHash(order_id))) count.set(order_id, (count.get(order_id) ?? 0) + 1);
  }, () => {});
  return [...count].filter(([, times]) => times > 1).map(([id, times]) => `order ${id} is accepted ${times} times`);
}

const hashKey = newHashKey();
const hashed = new Uint32Array(HASH_WORDS);

function shortHash(id: string): number {
  sipHash(id, hashKey, hashed);
  return hashed[0] * 2 ** 20 + (hashed[1] >>> 12);
}

function records<T>(path: string, length: number): T[] {
  const found: T[] = [];
  forEachRecord<T>(path, length, (record) => found.push(record), () => {});
  return found;
}

function forEachRecord<T>(path: string, length: number, visit: (record: T) => void, damaged: (at: number) => void) {
  if (length === 0) return;
  const file = AppendFile.openToRead(path);
  try {
    visitLines((...range) => file.read(...range), 0, length, (line, start) => {
      const record = unsealLine(line);
      if (record === undefined) damaged(start);
      else visit(record as T);
    });
  } finally {
    file.close();
  }
}
