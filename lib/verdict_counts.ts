import type { Outcome } from "./verdicts.ts";

/** How many records got which verdict. */
export interface VerdictCounts {
  accepted: number;
  /** By reason. */
  rejected: Record<string, number>;
  redelivered: number;
  deadLettered: number;
}

export function noCounts(): VerdictCounts {
  return { accepted: 0, rejected: {}, redelivered: 0, deadLettered: 0 };
}

/** Adds one verdict to `counts`. */
export function countVerdict(counts: VerdictCounts, outcome: Outcome): void {
  if (outcome === "accepted" || outcome === "redelivered") counts[outcome]++;
  else counts.rejected[outcome] = (counts.rejected[outcome] ?? 0) + 1;
}

export function rejectedIn(counts: VerdictCounts): number {
  return Object.values(counts.rejected).reduce((sum, number) => sum + number, 0);
}

export function ordersIn(counts: VerdictCounts): number {
  return counts.accepted + counts.redelivered + counts.deadLettered + rejectedIn(counts);
}

/** The counts as a program reads them, with the pace. */
export function summaryOf({ deadLettered, ...counts }: VerdictCounts, seconds: number): Record<string, unknown> {
  const orders = ordersIn({ deadLettered, ...counts });
  const pace = {
    seconds: Number(seconds.toFixed(2)),
    orders_per_second: seconds > 0 ? Math.round(orders / seconds) : 0,
  };
  return { orders, ...counts, dead_lettered: deadLettered, ...pace };
}
