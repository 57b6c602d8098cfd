import { showBlanks } from "../../blank_edge.ts";
import { countOf, FEW_ROWS, firstFew } from "../../row_warnings.ts";
import type { StockRow } from "../csv/inventory_file.ts";
import type { StockEdit } from "../log/edit_journal.ts";
import { newestAsOf, type StockBase } from "./stock_math.ts";

/** An edit that was found in the CSV and is not journalled yet. */
export type HandEdit = Omit<StockEdit, "seq" | "batch">;

/** The differences between the stock and what the journals say it should be: hand edits. */
export function handEdits(
  expected: ReadonlyMap<string, { item: string; quantity: number }>,
  actual: ReadonlyMap<string, { item: string; quantity: number }>,
): HandEdit[] {
  const edits: HandEdit[] = [];
  for (const [key, { item, quantity }] of actual) {
    const was = expected.get(key)?.quantity ?? null;
    if (was !== quantity) edits.push({ item, set: quantity, was, by: "hand" });
  }
  for (const [key, { item, quantity }] of expected) {
    if (!actual.has(key)) edits.push({ item, set: null, was: quantity, by: "hand" });
  }
  return edits;
}

/** The edits made after the copy that a person saved, which count instead of its rows, or of the lack of one. */
export function supersededBy(
  rows: ReadonlyMap<string, StockRow>,
  { lastEdits, actual, now }: {
    lastEdits: ReadonlyMap<string, StockEdit>;
    actual: ReadonlyMap<string, StockBase>;
    now: number;
  },
): StockEdit[] {
  const missing = { quantity: undefined, asOf: newestAsOf(rows, now) };
  return [...lastEdits].flatMap(([key, edit]) => {
    const { quantity, asOf = now } = rows.get(key) ?? missing;
    return edit.seq > asOf && actual.get(key)?.quantity !== quantity ? [edit] : [];
  });
}

/** Sentences about the hand edits found in `file`: one for each if they are few, else their number. */
export function handEditWarnings(edits: readonly HandEdit[], file: string): string[] {
  const changes = edits.length <= FEW_ROWS ? edits.map(describe) : [`${summarize(edits)} (see stock_edits.jsonl)`];
  return changes.map((change) => `${file} was edited by hand: ${change}`);
}

/**
 * Sentences about edits that count instead of what `file` says: a person saved an older copy, or the tool that made the
 * edit was killed before it wrote the file.
 */
export function oldCopyWarnings(superseded: readonly StockEdit[], file: string): string[] {
  const sentences = superseded.map(({ item, seq }) =>
    `${file} is from before edit number ${seq} of ${showBlanks(item)}: the edit counts`
  );
  return firstFew(sentences, (count) => `${file}: so it is with ${count} more items`);
}

function describe({ item, set, was }: HandEdit): string {
  const change = set === null ? "is gone" : was === null ? `is new with ${set}` : `is set from ${was} to ${set}`;
  return `${showBlanks(item)} ${change}`;
}

function summarize(edits: readonly HandEdit[]): string {
  const gone = edits.filter(({ set }) => set === null).length;
  const added = edits.filter(({ was }) => was === null).length;
  const kinds = [[added, "new"], [edits.length - added - gone, "set to another quantity"], [gone, "gone"]] as const;
  return kinds.filter(([count]) => count > 0).map(([count, what], index) => {
    const items = index > 0 ? "" : count === 1 ? " item" : " items";
    return `${countOf(count)}${items} ${count === 1 ? "is" : "are"} ${what}`;
  }).join(", ");
}
