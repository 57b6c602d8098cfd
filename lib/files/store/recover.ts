import { EXIT, Failure } from "../../errors.ts";
import { syncFolder, writeAll } from "../disk/atomic_file.ts";
import type { EditJournal } from "../log/edit_journal.ts";
import { type LoadedSnapshot, readIndexSnapshot } from "../index/index_snapshot.ts";
import type { StorageLayout } from "../disk/layout.ts";
import type { LongRead } from "../log/lines.ts";
import type { LoggedLine } from "../log/logged_line.ts";
import type { LogEnd, LogPart, OrderLog } from "../log/order_log.ts";
import type { StorageParts } from "./storage_parts.ts";

/** Which part of the log is read, and who gets its lines. */
export interface LogReading extends LogPart {
  /** The line is valid during the call. */
  visit(line: LoggedLine, start: number): void;
}

export interface RecoverOptions extends LongRead {
  /** By default only the lines that matter to the CSV are read. */
  reading?: LogReading;
}

/**
 * Makes log, journal, offset ranges and CSV agree, whatever happened to the last writer, and loads them.
 *
 * An unfinished last batch of the log is kept aside in `orders.jsonl.torn-*` and cut off, and what was read since the
 * last whole line is marked to be read again. Lines that the CSV does not cover yet are written and synced again,
 * because they may be in the page cache only. A log that ends before a number in the CSV or the edits is damage: a
 * {@linkcode Failure} (65), nothing touched. Called under the write lock, while no one owns the storage.
 *
 * Returns where the log ends.
 */
export async function recover(
  { log, ledger, readRanges }: StorageParts,
  { reading, ...wait }: RecoverOptions = {},
): Promise<LogEnd> {
  const { lowest, newest } = ledger.csvAsOf();
  const tail = log.tail(lowest);
  const { visit, ...part } = reading ?? { ...tail, visit: () => {} };
  const end = await log.scan(part, ledger.edits.numbers, visit, wait);
  requireReach(log, ledger.edits, end, newest);
  await readRanges.load(Math.max(end.seq, ledger.edits.lastSeq));
  if (end.length < log.file.length) await setTornTailAside(log, end.length);
  await log.file.rewriteFrom(Math.min(tail.from, end.length));
  await ledger.load(end.seq);
  return end;
}

/** The index of the last run, if it belongs to this log and no edit before its end is missing. */
export function usableSnapshot(layout: StorageLayout, { log, ledger }: StorageParts): LoadedSnapshot | undefined {
  const snapshot = readIndexSnapshot(layout.index, layout.orders);
  if (snapshot === undefined || log.endingAt(snapshot.logLength) !== snapshot.logEnd) return undefined;
  // Orders and edits share a sequence: reading the log tells which number is missing.
  const edits = ledger.edits.numbers.upTo(snapshot.logSeq);
  return edits === undefined || snapshot.index.size + edits === snapshot.logSeq ? snapshot : undefined;
}

/** The log must reach as far as the CSV is current, and an edit may only follow lines that exist. */
export function requireReach(log: OrderLog, edits: EditJournal, end: LogEnd, newestAsOf: number): void {
  const reach = edits.numbers.isExactAfter(end.seq) ? edits.numbers.nextOrder(end.seq) - 1 : end.seq;
  if (edits.lastSeq <= reach && newestAsOf <= reach) return;
  const witness = edits.lastSeq > reach ? `stock_edits.jsonl has` : `inventory.csv is as of`;
  throw new Failure(
    EXIT.data,
    `${log.file.path} ends at number ${reach}, but ${witness} ${Math.max(edits.lastSeq, newestAsOf)}: lines are ` +
      `missing; nothing was touched. Restore it from a backup, or start over with deno task bootstrap --force`,
  );
}

async function setTornTailAside(log: OrderLog, end: number): Promise<void> {
  const aside = `${log.file.path}.torn-${new Date().toISOString().replaceAll(":", "")}`;
  const file = Deno.openSync(aside, { write: true, create: true });
  try {
    writeAll(file, log.file.read(end, log.file.length));
    file.syncSync();
  } finally {
    file.close();
  }
  syncFolder(aside);
  log.file.truncate(end);
  await log.file.sync();
}
