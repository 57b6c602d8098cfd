import { nameKey } from "../../order.ts";
import type { StockEdit } from "../log/edit_journal.ts";
import type { StockRow } from "../csv/inventory_file.ts";
import type { LoggedOrder } from "../log/logged_line.ts";

/** A quantity of an item that is known as of a sequence number. */
export interface StockBase {
  item: string;
  quantity: number;
  seq: number;
}

/**
 * The base that each item's stock is counted from: its CSV row or its last edit, whichever is later.
 *
 * `now` stands in for a blank `as_of`, which means "as of now". An item with an edit but no row was removed, unless the
 * edit is later than the whole file: then the file is an older copy, from before the item was added.
 */
export function stockBases(
  rows: ReadonlyMap<string, StockRow>,
  lastEdits: ReadonlyMap<string, StockEdit>,
  now: number,
): Map<string, StockBase> {
  const bases = new Map<string, StockBase>();
  for (const [key, { item, quantity, asOf = now }] of rows) bases.set(key, { item, quantity, seq: asOf });
  const fileAsOf = newestAsOf(rows, now);
  for (const [key, edit] of lastEdits) {
    const base = bases.get(key);
    if (edit.seq <= (base?.seq ?? fileAsOf)) continue;
    if (edit.set === null) bases.delete(key);
    else bases.set(key, { item: base?.item ?? edit.item, quantity: edit.set, seq: edit.seq });
  }
  return bases;
}

/**
 * What the file as a whole is current to. A row without `as_of` may have been typed into an old copy: the other rows tell
 * how old.
 */
export function newestAsOf(rows: ReadonlyMap<string, StockRow>, now: number): number {
  const known = [...rows.values()].flatMap(({ asOf }) => asOf ?? []);
  return known.length === 0 ? now : known.reduce((newest, asOf) => Math.max(newest, asOf));
}

/** Whether an edit is later than the row of its item, so that the row shows something older. */
export function isBehindEdits(
  rows: ReadonlyMap<string, StockRow>,
  bases: ReadonlyMap<string, StockBase>,
): boolean {
  if (rows.size !== bases.size) return true;
  return bases.entries().some(([key, { seq }]) => {
    const row = rows.get(key);
    return row === undefined || (row.asOf !== undefined && row.asOf < seq);
  });
}

/** The lowest sequence number of any base: orders up to it matter to none. */
export function lowestSeq(bases: ReadonlyMap<string, StockBase>, otherwise: number): number {
  let lowest = otherwise;
  for (const { seq } of bases.values()) lowest = Math.min(lowest, seq);
  return lowest;
}

/** Deducts an accepted order from its item's base, if the base precedes it. */
export function deduct(bases: Map<string, StockBase>, order: LoggedOrder): void {
  const base = bases.get(nameKey(order.item));
  if (base !== undefined && order.seq > base.seq) base.quantity -= order.quantity;
}
