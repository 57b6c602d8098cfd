import { showBlanks } from "../../blank_edge.ts";
import { countOf, FEW_ROWS, firstFew } from "../../row_warnings.ts";
import type { HandEdit } from "./stock_math.ts";
import type { StockEdit } from "../log/edit_journal.ts";

/** Sentences about the hand edits found in `file`: one for each if they are few, else their number. */
export function handEditWarnings(edits: readonly HandEdit[], file: string): string[] {
  const changes = edits.length <= FEW_ROWS ? edits.map(describe) : [`${summarize(edits)} (see stock_edits.jsonl)`];
  return changes.map((change) => `${file} was edited by hand: ${change}`);
}

/** Sentences for a person who saved `file` from an older copy: the later edits still count. */
export function oldCopyWarnings(superseded: readonly StockEdit[], file: string): string[] {
  const sentences = superseded.map(({ item, seq }) =>
    `${file} was saved from an older copy: for ${showBlanks(item)} edit number ${seq} counts`
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
