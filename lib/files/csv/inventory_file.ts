import { quoted } from "../../blank_edge.ts";
import { nameKey } from "../../order.ts";
import { CsvDocument } from "./csv_document.ts";
import { DamagedFile } from "./damaged_file.ts";

const COLUMNS = { required: ["item", "quantity"], optional: ["as_of"] } as const;

/** A row of `inventory.csv`. */
export interface StockRow {
  item: string;
  /** Units in stock, a whole number >= 0. */
  quantity: number;
  /** Sequence number up to which the quantity is current; undefined if a person left it blank: "as of now". */
  asOf: number | undefined;
  line: number;
}

/** Parses `inventory.csv`; throws an `Outage` (65) that names file and line if it does not parse. */
export function parseInventory(
  bytes: Uint8Array,
  file: string,
): { document: CsvDocument; rows: Map<string, StockRow> } {
  const document = CsvDocument.parse(bytes, { file, ...COLUMNS });
  const rows = new Map<string, StockRow>();
  for (const row of document.rows) {
    const asOf = (row.get("as_of") ?? "").trim();
    rows.set(nameKey(row.key), {
      item: row.key,
      quantity: wholeNumber(row.get("quantity") ?? "", "quantity", file, row.line),
      asOf: asOf === "" ? undefined : wholeNumber(asOf, "as_of", file, row.line),
      line: row.line,
    });
  }
  return { document, rows };
}

export function emptyInventory(): CsvDocument {
  return CsvDocument.empty({ file: "inventory.csv", ...COLUMNS });
}

function wholeNumber(text: string, column: string, file: string, line: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number;
  throw new DamagedFile({ file, line }, `has the ${column} ${quoted(text)}, expected a whole number >= 0`);
}

/** Makes the rows of `document` those of `stock`, by `nameKey`, all as of `seq`. */
export function writeStock(
  document: CsvDocument,
  stock: ReadonlyMap<string, { item: string; quantity: number }>,
  seq: number,
): void {
  const as_of = String(seq);
  document.remove(({ key }) => !stock.has(nameKey(key)));
  for (const row of document.rows) {
    const { quantity } = stock.get(nameKey(row.key))!;
    row.set("quantity", String(quantity));
    row.set("as_of", as_of);
  }
  if (document.size === stock.size) return;
  for (const [key, { item, quantity }] of stock) {
    if (document.row(key) === undefined) document.append({ item, quantity: String(quantity), as_of });
  }
}

/** The lowest and highest `as_of` of the rows; 0 and 0 if none has one. */
export function asOfRange(rows: ReadonlyMap<string, StockRow>): { lowest: number; newest: number } {
  const asOf = [...rows.values()].flatMap((row) => row.asOf ?? []);
  return asOf.reduce(
    ({ lowest, newest }, seq) => ({ lowest: Math.min(lowest, seq), newest: Math.max(newest, seq) }),
    { lowest: asOf[0] ?? 0, newest: 0 },
  );
}

/** A row cannot be current to a number that was never assigned: lines are missing, or somebody typed the number. */
export function requireReached(rows: ReadonlyMap<string, StockRow>, seq: number, path: string): void {
  for (const { asOf, line } of rows.values()) {
    if (asOf === undefined || asOf <= seq) continue;
    const problem = `is as of ${asOf}, but the log ends at ${seq}; leave as_of blank for a quantity as of now`;
    throw new DamagedFile({ file: path, line }, problem);
  }
}
