import { basename } from "node:path";
import { AppendFile } from "../disk/append_file.ts";
import { EditJournal } from "../log/edit_journal.ts";
import { asOfRange, parseInventory, requireReached, type StockRow } from "../csv/inventory_file.ts";
import { type StorageLayout, storageLayout } from "../disk/layout.ts";
import { WriteLock } from "../disk/locks.ts";
import { OrderLog } from "../log/order_log.ts";
import type { PartitionRanges } from "../../offset_ranges.ts";
import type { MovedPartition } from "../../store_admin.ts";
import { ReadRanges } from "../log/read_ranges.ts";
import { requireReach } from "./recover.ts";
import { handEdits } from "./hand_edits.ts";
import { deduct, lowestSeq, type StockBase, stockBases } from "./stock_math.ts";
import { sizeOf } from "../disk/exists.ts";
import { requireStorage } from "./storage_folder.ts";
import { holdSettled } from "./storage_parts.ts";
import { type Change, WatchedFile } from "../disk/watched_file.ts";

/** A storage folder at one moment, between two batches and edits. */
export interface StorageView {
  /** Items by `nameKey`. */
  stock: ReadonlyMap<string, { item: string; quantity: number }>;
  /** The same without hand edits of `inventory.csv` that could not be journalled. */
  journalled: ReadonlyMap<string, { item: string; quantity: number }>;
  /** What was read of each partition. */
  readRanges: PartitionRanges[];
  /** The same, also where nothing was read, and where reading has to go on. */
  partitions: MovedPartition[];
  /** Bytes of each file that belong to the moment. */
  lengths: { orders: number; edits: number; rejected: number };
}

/**
 * The current state of a folder that may only be read, without writing anything: what a crash left is skipped, and a
 * hand edit counts but is not journalled.
 *
 * Throws a `Failure`: 78 missing files, 65 damage. Permission: read of the folder.
 */
export async function lookAtStorage(folder: string, underLock: () => void = () => {}): Promise<StorageView> {
  const layout = storageLayout(folder);
  requireStorage(layout);
  const lock = WriteLock.openToRead(layout);
  try {
    return await holdSettled(lock ?? { hold: (work) => work() }, () => look(layout, underLock));
  } finally {
    lock?.close();
  }
}

async function look(layout: StorageLayout, underLock: () => void): Promise<StorageView> {
  const isLogThere = sizeOf(layout.orders) !== undefined;
  const log = new OrderLog(
    layout,
    isLogThere ? AppendFile.openToRead(layout.orders) : AppendFile.openCopy(layout.orders),
  );
  const readRanges = new ReadRanges(layout, { file: AppendFile.openCopy(layout.positions) });
  const edits = new EditJournal(layout, { file: AppendFile.openCopy(layout.edits) });
  try {
    const csv = new WatchedFile(layout.inventory);
    const inventory = parsed(csv, readRanges);
    edits.news();
    const { lowest, newest } = asOfRange(inventory.rows);
    const end = await log.scan(log.tail(lowest), edits.numbers, () => {});
    requireReach(log, edits, end, newest);
    const books = { log, edits, seq: Math.max(end.seq, edits.lastSeq) };
    await readRanges.load(books.seq);
    requireReached(inventory.rows, books.seq, csv.path);
    const isOwn = readRanges.isOwnWriting(basename(csv.path), inventory.change.bytes);
    const stock = await stockFrom(books, inventory.rows, isOwn ? 0 : books.seq); // as in StockLedger.#take()
    const journalled = isOwn ? stock : await stockFrom(books, new Map(), 0);
    if (handEdits(journalled, stock).length > 0) csv.requireSettled(inventory.change, readRanges);
    const lengths = { orders: end.length, edits: sizeOf(layout.edits) ?? 0, rejected: sizeOf(layout.rejected) ?? 0 };
    underLock();
    return { stock, journalled, readRanges: readRanges.ranges(), partitions: readRanges.partitions(), lengths };
  } finally {
    for (const part of [log, readRanges, edits]) part.close();
  }
}

/** `inventory.csv`; if it does not parse it may be half saved, so this waits. */
function parsed(csv: WatchedFile, readRanges: ReadRanges): { change: Change; rows: Map<string, StockRow> } {
  const change = csv.changed()!; // never accepted before, so it counts as changed
  try {
    return { change, rows: parseInventory(change.bytes, csv.path).rows };
  } catch (error) {
    csv.requireSettled(change, readRanges);
    throw error;
  }
}

/** The stock from `rows` (as of `now` unless they say otherwise) with later edits and orders. */
async function stockFrom(
  { log, edits, seq }: { log: OrderLog; edits: EditJournal; seq: number },
  rows: ReadonlyMap<string, StockRow>,
  now: number,
): Promise<Map<string, StockBase>> {
  const bases = stockBases(rows, edits.last, now);
  await log.scan(log.tail(lowestSeq(bases, seq)), edits.numbers, (order) => deduct(bases, order));
  for (const base of bases.values()) base.quantity = Math.max(0, base.quantity); // like StockLedger
  return bases;
}
