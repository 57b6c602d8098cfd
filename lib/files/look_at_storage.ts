import { basename } from "node:path";
import { AppendFile } from "./append_file.ts";
import { asOfRange, parseInventory, requireReached, type StockRow } from "./inventory_file.ts";
import { Journal } from "./journal.ts";
import { type StorageLayout, storageLayout } from "./layout.ts";
import { WriteLock } from "./locks.ts";
import { type LogEnd, type LoggedOrder, OrderLog } from "./order_log.ts";
import { type PartitionRanges, Positions } from "./positions.ts";
import { requireReach } from "./recover.ts";
import { deduct, handEdits, lowestSeq, type StockBase, stockBases, type StockEdit } from "./stock_math.ts";
import { requireStorage, sizeOf } from "./storage_folder.ts";
import { holdSettled } from "./storage_parts.ts";
import { type Change, WatchedFile } from "./watched_file.ts";
import { nameKey } from "../order.ts";

/** A storage folder at one moment, between two batches and edits. */
export interface StorageView {
  /** Items by `nameKey`. */
  stock: ReadonlyMap<string, { item: string; quantity: number }>;
  /** The same without what somebody put into `inventory.csv` by hand and nobody could journal. */
  journalled: ReadonlyMap<string, { item: string; quantity: number }>;
  /** What was read of each partition. */
  positions: PartitionRanges[];
  /** Bytes of each file that belong to the moment. */
  lengths: { orders: number; edits: number; rejected: number };
}

/**
 * Works out what a tool's edit of nothing would come to, without writing anything: what a crash left is passed over, an
 * edit by hand counts and is not journalled. For a folder that nobody may write.
 *
 * Throws a `Failure`: 78 missing files, 65 damage. Permission: read of the folder.
 */
export async function lookAtStorage(folder: string): Promise<StorageView> {
  const layout = storageLayout(folder);
  requireStorage(layout);
  const lock = WriteLock.openToRead(layout);
  try {
    return await holdSettled(lock ?? { hold: (work) => work() }, () => look(layout));
  } finally {
    lock?.close();
  }
}

async function look(layout: StorageLayout): Promise<StorageView> {
  const isLogThere = sizeOf(layout.orders) !== undefined;
  const log = new OrderLog(
    layout,
    isLogThere ? AppendFile.openToRead(layout.orders) : AppendFile.openCopy(layout.orders),
  );
  const positions = new Positions(layout, AppendFile.openCopy(layout.positions));
  const edits = new Journal<StockEdit>(layout.edits, AppendFile.openCopy(layout.edits));
  try {
    const csv = new WatchedFile(layout.inventory);
    const inventory = parsed(csv, positions);
    const books = new Books(log, edits.news().map(({ record }) => record), asOfRange(inventory.rows));
    await positions.load(books.seq);
    requireReached(inventory.rows, books.seq, csv.path);
    const stock = books.stockFrom(inventory.rows, books.seq);
    const isOwn = positions.isOwnWriting(basename(csv.path), inventory.change.bytes);
    const journalled = isOwn ? stock : books.stockFrom(new Map(), 0);
    if (handEdits(journalled, stock).length > 0) csv.requireSettled(inventory.change, positions);
    const lengths = { orders: books.logEnd, edits: edits.file.length, rejected: sizeOf(layout.rejected) ?? 0 };
    return { stock, journalled, positions: positions.ranges(), lengths };
  } finally {
    for (const part of [log, positions, edits]) part.close();
  }
}

/** `inventory.csv`; where it does not parse it may be half saved, and is waited for. */
function parsed(csv: WatchedFile, positions: Positions): { change: Change; rows: Map<string, StockRow> } {
  const change = csv.changed()!; // it was never accepted before
  try {
    return { change, rows: parseInventory(change.bytes, csv.path).rows };
  } catch (error) {
    csv.requireSettled(change, positions);
    throw error;
  }
}

/** Log and edits as they are, up to a torn end. */
class Books {
  readonly #log: OrderLog;
  readonly #lastEdits = new Map<string, StockEdit>();
  readonly #editSeqs = new Set<number>();
  /** Byte that the log's good part ends at, and the last sequence number of log and edits. */
  readonly logEnd: number;
  readonly seq: number;

  constructor(log: OrderLog, edits: readonly StockEdit[], csv: { lowest: number; newest: number }) {
    this.#log = log;
    for (const edit of edits) {
      this.#editSeqs.add(edit.seq);
      this.#lastEdits.set(nameKey(edit.item), edit);
    }
    const lastEditSeq = edits.at(-1)?.seq ?? 0;
    const end = this.#scan(csv.lowest, () => {});
    requireReach(log, { isEdit: this.#isEdit, lastEditSeq }, end, csv.newest);
    this.logEnd = end.length;
    this.seq = Math.max(end.seq, lastEditSeq);
  }

  /** What `rows`, as of `now` where they do not say, and later edits and orders amount to. */
  stockFrom(rows: ReadonlyMap<string, StockRow>, now: number): Map<string, StockBase> {
    const bases = stockBases(rows, this.#lastEdits, now);
    this.#scan(lowestSeq(bases, this.seq), (order) => deduct(bases, order));
    for (const base of bases.values()) base.quantity = Math.max(0, base.quantity); // as StockLedger has it
    return bases;
  }

  readonly #isEdit = (seq: number): boolean => this.#editSeqs.has(seq);

  /** Visits the orders after number `seq`. */
  #scan(seq: number, visit: (order: LoggedOrder) => void): LogEnd {
    const { from, afterSeq } = this.#log.tail(seq);
    return this.#log.scan(from, afterSeq, this.#isEdit, visit);
  }
}
