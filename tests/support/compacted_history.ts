/** A line of `orders.jsonl` or `stock_edits.jsonl`, as far as it matters to a balance. */
export interface HistoryLine {
  seq: number;
  item: string;
  order_id?: string;
  quantity?: number;
  remaining?: number;
  set?: number | null;
  was?: number | null;
  by?: string;
  opening?: number;
  edits?: number;
}

/** The first line of a compacted edit journal. */
export interface CompactedLine {
  seq: number;
  orders: number;
  last_order: number;
}

export interface History {
  /** The last number that is compacted; 0 where none is. */
  compacted: number;
  /** Stock by item, in NFC, as of that number; null for a removed item. */
  stock: Map<string, number | null>;
  /** The lines after it, by number. */
  lines: HistoryLine[];
  /** What does not add up among the compacted numbers, one sentence each. */
  broken: string[];
}

/** Log and edit journal as one history. Shares no code with `lib/`, so that it cannot share its mistakes. */
export function historyOf(orders: readonly HistoryLine[], journal: readonly (HistoryLine | CompactedLine)[]): History {
  const first = journal.find((line): line is CompactedLine => !("item" in line)) ??
    { seq: 0, orders: 0, last_order: 0 };
  const edits = journal.filter((line): line is HistoryLine => "item" in line);
  const early = orders.filter(({ seq }) => seq <= first.seq);
  const broken: string[] = [];
  if (early.length !== first.orders || (early.at(-1)?.seq ?? 0) !== first.last_order) {
    broken.push(`the log has ${early.length} orders up to ${first.seq}, the edits say ${first.orders}`);
  }
  const stock = new Map<string, number | null>();
  for (const { item, seq, set, opening, edits: sum } of edits.filter(({ seq }) => seq <= first.seq)) {
    const name = item.normalize("NFC");
    const ofItem = early.filter((order) => order.item.normalize("NFC") === name);
    const now = opening! + sum! - ofItem.reduce((sum, { quantity }) => sum + quantity!, 0);
    const after = ofItem.filter((order) => order.seq > seq);
    if ((after.at(-1)?.remaining ?? set ?? 0) !== now) broken.push(`the compacted edits of ${item} come to ${now}`);
    if (stock.has(name)) broken.push(`${item} has two compacted edits`);
    stock.set(name, set === null ? null : now);
  }
  for (const { seq, item, remaining } of early) {
    if (remaining! < 0) broken.push(`order ${seq} left ${remaining} of ${item}`);
    if (!stock.has(item.normalize("NFC"))) broken.push(`order ${seq} is of ${item}, which was never added`);
  }
  const lines = [...orders, ...edits].filter(({ seq }) => seq > first.seq).sort((a, b) => a.seq - b.seq);
  return { compacted: first.seq, stock, lines, broken };
}
