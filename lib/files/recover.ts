import { EXIT, Failure } from "../errors.ts";
import { syncFolder } from "./atomic_file.ts";
import type { LogEnd, LoggedOrder, OrderLog } from "./order_log.ts";
import type { StorageParts } from "./storage_parts.ts";
import type { StockLedger } from "./stock_ledger.ts";
import { writeAll } from "./write_all.ts";

/** How much of the log is read, and who sees its lines. */
export interface LogReading {
  /** Byte to read from, and the sequence number of the line before it. */
  from: number;
  afterSeq: number;
  visit(order: LoggedOrder, start: number): void;
}

/**
 * Makes log, journal, positions and CSV agree after whatever happened to the last writer, and loads them.
 *
 * An unfinished last batch of the log is kept aside in `orders.jsonl.torn-*` and cut off, and what was read since the
 * last whole line is marked to be read again. Lines that the CSV does not cover yet are written and synced once more:
 * they may be in the page cache only. A log that ends before what the CSV or an edit speaks of is damage, a
 * {@linkcode Failure} (65), with nothing touched. Called under the write lock, while no one owns the storage.
 *
 * Answers where the log ends.
 *
 * @param reading By default only the lines are read that matter to the CSV.
 */
export async function recover({ log, ledger, positions }: StorageParts, reading?: LogReading): Promise<LogEnd> {
  const { lowest, newest } = ledger.csvAsOf();
  const tail = log.tail(lowest);
  const { from, afterSeq, visit } = reading ?? { ...tail, visit: () => {} };
  const end = log.scan(from, afterSeq, ledger.isEdit, visit);
  requireReach(log, ledger, end, newest);
  await positions.load(Math.max(end.seq, ledger.lastEditSeq));
  if (end.length < log.file.length) await setTornTailAside(log, end.length);
  await log.file.rewriteFrom(Math.min(tail.from, end.length));
  await ledger.load(end.seq);
  return end;
}

/** The log must reach as far as the CSV says it is current, and an edit may only follow lines that are there. */
export function requireReach(
  log: OrderLog,
  ledger: Pick<StockLedger, "isEdit" | "lastEditSeq">,
  end: LogEnd,
  newestAsOf: number,
): void {
  let reach = end.seq;
  while (ledger.isEdit(reach + 1)) reach++;
  if (ledger.lastEditSeq <= reach && newestAsOf <= reach) return;
  const witness = ledger.lastEditSeq > reach ? `stock_edits.jsonl has` : `inventory.csv is as of`;
  throw new Failure(
    EXIT.data,
    `${log.file.path} ends at number ${reach}, but ${witness} ${Math.max(ledger.lastEditSeq, newestAsOf)}: lines are ` +
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
