import type { PartitionRanges } from "../../offset_ranges.ts";
import { type Coordinates, nameKey } from "../../order.ts";
import { type BeginProgress, unwatched } from "../../progress.ts";
import type { BalanceAudit, ContentsOptions, ItemBalance, StoreContents } from "../../store_admin.ts";
import { AppendFile } from "../disk/append_file.ts";
import { type EditRecord, isEdit } from "../log/edit_journal.ts";
import type { CompactedEdits } from "../log/edit_numbers.ts";
import { storageLayout } from "../disk/layout.ts";
import type { LoggedOrder } from "../log/logged_line.ts";
import { sealedRecords } from "../log/sealed_line.ts";
import { sizeOf } from "../disk/exists.ts";
import { type FilePart, forEachOrder, forEachRecord } from "./for_each_record.ts";
import { RepeatedIds } from "./repeated_ids.ts";
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
export async function takeSnapshot(
  folder: string,
  warn: (sentence: string) => void,
  view: typeof viewStorage = viewStorage,
): Promise<StorageSnapshot> {
  const { edits: path } = storageLayout(folder);
  let edits: AppendFile | undefined;
  const { journalled, lengths, readRanges } = await view(folder, warn, () => {
    edits = sizeOf(path) === undefined ? AppendFile.openCopy(path) : AppendFile.openToRead(path);
  });
  return { folder, lengths, edits: edits!, stock: journalled, readRanges };
}

/**
 * Adds up the whole log and journal, in the order of their sequence numbers, and compares the result with the stock.
 *
 * It streams: memory grows by 8 bytes per order, 16 in the end, to find ids accepted twice. `visit` gets the coordinates of each
 * accepted order.
 */
export async function auditBalance(
  snapshot: StorageSnapshot,
  visit: (place: Coordinates) => void,
  { asOf, begin = unwatched, stop }: ContentsOptions & { begin?: BeginProgress } = {},
): Promise<BalanceAudit & Pick<StoreContents, "stockAsOf">> {
  const { folder, lengths, stock } = snapshot;
  const { orders } = storageLayout(folder);
  const ids = new RepeatedIds();
  try {
    const edits = editRecords(snapshot);
    const books = new Books(asOf);
    let edit = edits.next().value;
    const progress = begin("Checking the order log", "bytes");
    await forEachOrder({ path: orders, length: lengths.orders, progress, stop }, (order) => {
      for (; edit !== undefined && (!isEdit(edit) || edit.seq < order.seq); edit = edits.next().value) books.edit(edit);
      books.accept(order);
      ids.add(order.idBytes);
      visit(order);
    }, (at) => books.faults.push(`orders.jsonl is damaged at byte ${at}`));
    for (; edit !== undefined; edit = edits.next().value) books.edit(edit);
    books.close();
    books.faults.push(...await acceptedTwice({ path: orders, length: lengths.orders, stop }, ids));
    const stockAsOf = asOf === undefined ? undefined : books.stockAsOf(asOf);
    return { items: books.balances(stock), faults: books.faults, accepted: ids.size, stockAsOf };
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
export async function visitRejected(
  { folder, lengths }: StorageSnapshot,
  visit: (place: Coordinates) => void,
  { begin = unwatched }: { begin?: BeginProgress } = {},
): Promise<void> {
  const progress = begin("Checking the rejected orders", "bytes");
  await forEachRecord<Coordinates>({ path: storageLayout(folder).rejected, length: lengths.rejected, progress }, visit);
}

/** Running totals of every item. */
class Books {
  readonly faults: string[] = [];
  readonly #books = new Map<string, ItemBalance>();
  /** What a compacted journal says about the numbers up to its `seq`, and how many orders the log has up to there. */
  #compacted: CompactedEdits = { seq: 0, orders: 0, last_order: 0 };
  #ordersThere = 0;
  /** Items whose stock as of a number is asked for, and the answers so far: what the next event after it met. */
  readonly #asOf: ReadonlyMap<string, number>;
  readonly #stockAsOf = new Map<string, number | null>();
  #lastSeq = 0;

  constructor(asOf: ReadonlyMap<string, number> = new Map()) {
    this.#asOf = asOf;
  }

  edit(edit: EditRecord): void {
    this.#lastSeq = Math.max(this.#lastSeq, edit.seq);
    if (!isEdit(edit)) {
      this.#compacted = edit;
      return;
    }
    const { item, set, was, seq, opening, edits } = edit;
    const book = this.#book(item);
    this.#meets(item, seq, was);
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
    // Most names are their own key, and finding that out takes as long as finding the book.
    const book = this.#books.get(item) ?? this.#book(item);
    this.#lastSeq = Math.max(this.#lastSeq, seq);
    this.#meets(item, seq, remaining + quantity);
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

  /** The stock as of each item's number; undefined where the journal no longer has the edits after it one by one. */
  stockAsOf(asOf: ReadonlyMap<string, number>): Map<string, number | null> {
    const known = [...asOf].filter(([, seq]) => seq >= this.#compacted.seq && seq <= this.#lastSeq);
    const now = (key: string) => this.#books.get(key)?.expected ?? null;
    const met = this.#stockAsOf;
    return new Map(known.map(([key]) => [key, met.has(key) ? met.get(key)! : now(key)]));
  }

  #meets(item: string, seq: number, stock: number | null): void {
    if (this.#asOf.size === 0) return;
    const key = nameKey(item);
    const asOf = this.#asOf.get(key);
    if (asOf !== undefined && seq > asOf && !this.#stockAsOf.has(key)) this.#stockAsOf.set(key, stock);
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

/** The ids that are in the log more than once; it is read again only if some hashes are. */
async function acceptedTwice(log: FilePart, ids: RepeatedIds): Promise<string[]> {
  const isCandidate = ids.candidates();
  if (isCandidate === undefined) return [];
  const count = new Map<string, number>();
  await forEachOrder(log, ({ order_id }) => {
    if (isCandidate(order_id)) count.set(order_id, (count.get(order_id) ?? 0) + 1);
  });
  return [...count].filter(([, times]) => times > 1).map(([id, times]) => `order ${id} is accepted ${times} times`);
}
