import type { ItemOutcome, Pair } from "../../lib/altered_stock.ts";
import { showBlanks } from "../../lib/blank_edge.ts";
import { escapeControls } from "../../lib/cli/escape.ts";
import { print } from "../../lib/cli/print.ts";
import { printTable } from "../../lib/cli/table.ts";
import { countOf } from "../../lib/row_warnings.ts";
import type { WhatIfReport } from "../../lib/judge_again.ts";

/** With so few items all are shown, else those that would differ. */
const FEW_ITEMS = 20;

/** Prints what would have been different, for a person. */
export async function printReport(report: WhatIfReport, stop: AbortSignal): Promise<void> {
  const { judged, passed, different, changes, items, editedSince, differences } = report;
  const before = passed === 0 ? "" : `, ${countOf(passed)} created before left as they are`;
  const how = different === 0 ? "none would be judged otherwise" : `${countOf(different)} would be judged otherwise`;
  print(`${countOf(judged)} ${judged === 1 ? "order" : "orders"} judged${before}: ${how}`);
  if (changes.length > 0) {
    print("");
    const rows = changes.map(({ was, wouldBe, orders }) => [was, wouldBe, orders]);
    await printTable(["verdict", "would be", "orders"], rows, { things: "changes", stop });
  }
  for (const { user, was, now, orders } of editedSince) {
    const once = `${showBlanks(user)} was ${was ?? "unknown"} when ${countOf(orders)} of these were judged`;
    print(escapeControls(`${once}, and is ${now ?? "unknown"} in the store by now`));
  }
  const shown = items.length <= FEW_ITEMS ? items : items.filter(isDifferent);
  if (shown.length > 0) {
    print("");
    const rows = shown.map(({ item, start, end }) => [item, ...[start, end].flatMap(cells)]);
    await printTable(["item", "first", "would be", "now", "would be"], rows, { things: "items", stop });
  }
  if (differences.length > 0) await printDifferences(report, stop);
}

async function printDifferences({ differences, different }: WhatIfReport, stop: AbortSignal): Promise<void> {
  print("");
  const rows = differences.map(({ past, was, wouldBe, status, stock }) => [
    past.order_id,
    past.user,
    past.quantity,
    past.item,
    was,
    wouldBe,
    seen(status, stock, "was"),
    seen(status, stock, "wouldBe"),
  ]);
  const columns = ["order_id", "user", "quantity", "item", "verdict", "would be", "met", "would have met"];
  await printTable(columns, rows, { things: "orders", stop });
  const more = different - differences.length;
  if (more > 0) print(`… and ${countOf(more)} more; --limit ${different} shows them all`);
}

/** The report as programs read it. */
export function reportJson({ judged, passed, different, ...lists }: WhatIfReport) {
  const pair = <T>({ was, wouldBe }: Pair<T>) => ({ was: was ?? null, would_be: wouldBe ?? null });
  return {
    judged,
    passed,
    different,
    changes: lists.changes.map(({ orders, ...change }) => ({ ...pair(change), orders })),
    edited_since: lists.editedSince,
    items: lists.items.map(({ item, start, end }) => ({ item, start: pair(start), now: pair(end) })),
    orders: lists.differences.map(({ past, status, stock, ...verdict }) => {
      const { order_id, user, item, quantity, created_at, topic, partition, offset } = past;
      const about = { order_id, user, item, quantity, created_at, topic, partition, offset };
      return { ...about, verdict: pair(verdict), status: pair(status), stock: pair(stock) };
    }),
  };
}

function isDifferent({ start, end }: ItemOutcome): boolean {
  return start.was !== start.wouldBe || end.was !== end.wouldBe;
}

function cells({ was, wouldBe }: Pair<number | null>): (number | string)[] {
  return [was ?? "none", wouldBe ?? "none"];
}

function seen(status: Pair<string | undefined>, stock: Pair<number | undefined>, which: keyof Pair<unknown>): string {
  return `${status[which] ?? "unknown"}, ${stock[which] ?? "no such item"}`;
}
