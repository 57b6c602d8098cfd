import type { PartitionRanges } from "../../offset_ranges.ts";
import { type Coordinates, nameKey } from "../../order.ts";
import type { BalanceAudit, ItemBalance } from "../../store_admin.ts";
import { AppendFile } from "../disk/append_file.ts";
import { type EditRecord, isEdit } from "../log/edit_journal.ts";
import type { CompactedEdits } from "../log/edit_numbers.ts";
import { storageLayout } from "../disk/layout.ts";
import { visitLines } from "../log/lines.ts";
import type { LoggedOrder } from "../log/order_log.ts";
import { sealedRecords, unsealLine } from "../log/sealed_line.ts";
import { HASH_WORDS, newHashKey, sipHash } from "../index/sip_hash.ts";
import { sizeOf } from "../disk/exists.ts";
import { viewStorage } from "../store/view_storage.ts";

/** A storage folder at one moment, between two batches and edits; its files only grow from there. */
export interface StorageSnapshot {
  folder: string;
  /** Bytes of each file that belong to the moment. */
  lengths: { orders: number; edits: number; rejected: number };
  /** The edit journal at that moment, even if it is compacted meanwhile; closed by {@linkcode auditBalance}. */
  edits: AppendFile;
  /** Stock by `nameKey`. */
  stock: ReadonlyMap<string, { item: string; quantity: number }>;
  readRanges: PartitionRanges[];
}

/**
 * Takes a snapshot under the write lock, which it holds as briefly as a tool's edit; a consumer may run meanwhile.
 *
 * Permissions: read and write of the folder (as with every tool, new hand edits are journalled if the folder can be
 * written).
 */
export async function takeSnapshot(folder: string, warn: (sentence: string) => void): Promise<StorageSnapshot> {
  const { edits: path } = storageLayout(folder);
  let edits: AppendFile | undefined;
  const { journalled, lengths, readRanges } = await viewStorage(folder, warn, () => {
    edits = sizeOf(path) === undefined ? AppendFile.openCopy(path) : AppendFile.openToRead(path);
  });
  return { folder, lengths, edits: edits!, stock: journalled, readRanges };
}

/**
 * Adds up the whole log and journal, in the order of their sequence numbers, and compares the result with the stock.
 *
 * It streams: memory grows by 8 bytes per order, to find ids accepted twice. `visit` gets the coordinates of each
 * accepted order.
 */
export function auditBalance(snapshot: StorageSnapshot, visit: (place: Coordinates) => void): BalanceAudit {
  const { folder, lengths, stock } = snapshot;
  const { orders } = storageLayout(folder);
  const ids = new RepeatedIds();
  try {
    const edits = editRecords(snapshot);
    const books = new Books();
    let edit = edits.next().value;
    forEachRecord<LoggedOrder>(orders, lengths.orders, (order) => {
      for (; edit !== undefined && (!isEdit(edit) || edit.seq < order.seq); edit = edits.next().value) books.edit(edit);
      books.accept(order);
      ids.add(order.order_id);
      visit(order);
    }, (at) => books.faults.push(`orders.jsonl is damaged at byte ${at}`));
    for (; edit !== undefined; edit = edits.next().value) books.edit(edit);
    books.close();
    const twice = ids.candidates();
    if (twice.size > 0) books.faults.push(...acceptedTwice(orders, lengths.orders, twice));
    return { items: books.balances(stock), faults: books.faults, accepted: ids.size };
  } finally {
    snapshot.edits.close();
  }
}

/** The lines of the edit journal, in order. */
function* editRecords({ edits, lengths }: StorageSnapshot): Generator<EditRecord, undefined> {
  for (const { record } of sealedRecords(edits, lengths.edits).flatMap((records) => records)) {
    if (record !== undefined) yield record as unknown as EditRecord;
  }
}

/** Visits the coordinates of each rejected order. */
export function visitRejected(snapshot: StorageSnapshot, visit: (place: Coordinates) => void): void {
  forEachRecord<Coordinates>(storageLayout(snapshot.folder).rejected, snapshot.lengths.rejected, visit, () => {});
}

/** Running totals of every item. */
class Books {
  readonly faults: string[] = [];
  readonly #books = new Map<string, ItemBalance>();
  /** What a compacted journal says about the numbers up to its `seq`, and how many orders the log has up to there. */
  #compacted: CompactedEdits = { seq: 0, orders: 0, last_order: 0 };
  #ordersThere = 0;

  edit(edit: EditRecord): void {
    if (!isEdit(edit)) {
      this.#compacted = edit;
      return;
    }
    const { item, set, was, seq, opening, edits } = edit;
    const book = this.#book(item);
    if (opening !== undefined && edits !== undefined) {
      // It also stands for the edits before it: from here on the item can be followed again.
      Object.assign(book, { opening, edits, expected: opening + edits - book.accepted });
      if (book.expected !== (set ?? 0)) this.#fault(seq, item, `comes to ${book.expected}, the edit says ${set}`);
    } else {
      if (book.expected !== was) this.#fault(seq, item, `was ${book.expected}, the edit says ${was}`);
      if (book.expected === null && book.opening === 0) book.opening = set ?? 0;
      else book.edits += (set ?? 0) - (book.expected ?? 0);
    }
    book.expected = set;
  }

  accept({ item, quantity, remaining, seq }: LoggedOrder): void {
    const book = this.#book(item);
    book.accepted += quantity;
    if (seq <= this.#compacted.seq) this.#ordersThere++;
    if (remaining < 0) this.#fault(seq, item, `is oversold`);
    // Between compacted edits the stock is not known, only its value at the last of them.
    if (book.expected === null && seq <= this.#compacted.seq) return;
    book.expected = (book.expected ?? 0) - quantity;
    if (book.expected !== remaining) this.#fault(seq, item, `has ${book.expected} left, the order says ${remaining}`);
  }

  /** After the last line. */
  close(): void {
    const { seq, orders } = this.#compacted;
    if (this.#ordersThere === orders) return;
    this.faults.push(`number ${seq}: the log has ${this.#ordersThere} orders up to there, the edits say ${orders}`);
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

/** Finds ids that occur twice among millions: 52-bit hashes, sorted; collisions are then compared exactly. */
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

/** Visits the records in the first `length` bytes of a journal; `damaged` gets where a line does not match its seal. */
export function forEachRecord<T>(
  path: string,
  length: number,
  visit: (record: T) => void,
  damaged: (at: number) => void,
): void {
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
