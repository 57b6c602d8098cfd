import { Buffer } from "node:buffer";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { type History, type HistoryLine, historyOf } from "../support/compacted_history.ts";

/** What is wrong with a storage folder; all empty is what has to be. */
export interface StorageFindings {
  /** Of the ids sent, those that neither the log nor rejected.jsonl has. */
  lost: string[];
  /** Ids that are in the log more than once. */
  doubled: string[];
  /** Items whose edits - accepted is not what the CSV comes to, brought up to date. */
  unbalanced: string[];
  /** Anything else, one sentence each. */
  broken: string[];
}

/**
 * Works out from the files of a storage folder alone whether the promise held. Shares no code with `lib/`, so that it
 * cannot share its mistakes.
 *
 * The folder must be at rest: the last owner closed it, so that every edit by hand is in the journal. Permission: read.
 */
export function checkStorage(folder: string, sent: readonly string[]): StorageFindings {
  const broken: string[] = [];
  const orders = sealedLines(folder, "orders.jsonl", broken);
  const edits = sealedLines(folder, "stock_edits.jsonl", broken);
  const rejected = sealedLines(folder, "rejected.jsonl", broken);
  const history = historyOf(orders, edits);
  followHistory(history, broken);
  const ids = orders.map(({ order_id }) => order_id!);
  const known = new Set([...ids, ...rejected.map(({ order_id }) => order_id!)]);
  return {
    lost: [...new Set(sent)].filter((id) => !known.has(id)),
    doubled: repeated(ids),
    unbalanced: unbalancedItems(readCsv(folder, broken), history),
    broken,
  };
}

function repeated(ids: readonly string[]): string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const id of ids) (seen.has(id) ? twice : seen).add(id);
  return [...twice];
}

/** The records of a file of lines that each end in a CRC-32 of what is before it. */
function sealedLines(folder: string, name: string, broken: string[]): HistoryLine[] {
  const text = readText(folder, name);
  if (text === undefined) return [];
  if (text !== "" && !text.endsWith("\n")) broken.push(`${name} ends in the middle of a line`);
  const records: HistoryLine[] = [];
  for (const [index, line] of text.split("\n").slice(0, -1).entries()) {
    const seal = line.lastIndexOf(',"crc":"');
    try {
      const { crc, ...record } = JSON.parse(line);
      const sum = crc32(Buffer.from(line.slice(0, seal))).toString(16).padStart(8, "0");
      if (crc === sum) records.push(record);
      else broken.push(`${name} line ${index + 1} does not match its checksum`);
    } catch {
      broken.push(`${name} line ${index + 1} is no JSON: ${JSON.stringify(line.slice(0, 60))}`);
    }
  }
  return records;
}

/** Each number once, and each line following from the stock that the lines before it left. */
function followHistory(history: History, broken: string[]): void {
  broken.push(...history.broken);
  const stock = new Map(history.stock);
  let last = history.compacted;
  for (const line of history.lines) {
    if (line.seq !== ++last) return void broken.push(`number ${last} is missing or there twice`);
    const item = line.item.normalize("NFC");
    const before = stock.get(item) ?? null;
    if (line.quantity === undefined) {
      if (line.was !== before) broken.push(`edit ${line.seq} of ${item} was ${line.was}, the stock was ${before}`);
      if (line.set === null) stock.delete(item);
      else stock.set(item, line.set!);
    } else {
      const after = (before ?? 0) - line.quantity;
      if (after < 0) broken.push(`order ${line.seq} took ${line.quantity} of ${item}, the stock was ${before}`);
      if (line.remaining !== after) broken.push(`order ${line.seq} left ${line.remaining} of ${item}, not ${after}`);
      stock.set(item, after);
    }
  }
}

/** A row as of its number, with what came after it, has to be the sum of every edit and order. */
function unbalancedItems(rows: ReadonlyMap<string, { quantity: number; asOf: number }>, history: History) {
  const sums = new Map([...history.stock].map(([item, left]) => [item, left ?? 0]));
  const current = new Map([...rows].map(([item, { quantity }]) => [item, quantity]));
  const removed = new Set([...history.stock].flatMap(([item, left]) => left === null ? [item] : []));
  for (const line of history.lines) {
    const item = line.item.normalize("NFC");
    const isAfterRow = line.seq > (rows.get(item)?.asOf ?? 0);
    if (line.quantity === undefined) {
      sums.set(item, (sums.get(item) ?? 0) + (line.set ?? 0) - (line.was ?? 0));
      if (line.set === null) removed.add(item);
      else removed.delete(item);
      if (isAfterRow) current.set(item, line.set ?? 0);
    } else {
      sums.set(item, (sums.get(item) ?? 0) - line.quantity);
      if (isAfterRow) current.set(item, (current.get(item) ?? 0) - line.quantity);
    }
  }
  const items = new Set([...sums.keys(), ...current.keys()]);
  const wrong = (item: string) => (sums.get(item) ?? 0) !== (current.get(item) ?? 0) || (current.get(item) ?? 0) < 0;
  return [...items].filter((item) => wrong(item) || (removed.has(item) && rows.has(item)));
}

/** `inventory.csv`, of names without commas or quotes. */
function readCsv(folder: string, broken: string[]): Map<string, { quantity: number; asOf: number }> {
  const text = readText(folder, "inventory.csv");
  if (text === undefined) broken.push("inventory.csv is missing");
  const [header = "", ...rows] = (text ?? "").split(/\r?\n/).filter((row) => row !== "");
  const columns = header.replace("\ufeff", "").split(",");
  return new Map(rows.map((row) => {
    const cells = row.split(",");
    const cell = (column: string) => cells[columns.indexOf(column)] ?? "";
    const asOf = cell("as_of") === "" ? Infinity : Number(cell("as_of")); // blank means "as of now"
    return [cell("item").normalize("NFC"), { quantity: Number(cell("quantity")), asOf }];
  }));
}

function readText(folder: string, name: string): string | undefined {
  try {
    return Deno.readTextFileSync(join(folder, name));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
