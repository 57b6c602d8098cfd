import { LIMITS, type RatePoint } from "../snapshot.ts";

/** Totals at one moment. */
export interface Counted {
  at: number;
  accepted: number;
  rejected: Record<string, number>;
  deadLettered: number;
  lag: number | null;
  sampled: boolean;
}

/** Verdicts per second, worked out from totals. */
export class Rates {
  readonly points: RatePoint[] = [];
  #last: Counted | undefined;

  /** The rate since the call before; none at the first call, and where a total has become smaller. */
  add(now: Counted): RatePoint {
    const last = this.#last ?? now;
    this.#last = now;
    const seconds = Math.max(0.001, (now.at - last.at) / 1_000);
    const perSecond = (total: number, before = 0) => Math.max(0, Math.round((total - before) / seconds * 10) / 10);
    const rejected = Object.entries(now.rejected)
      .map(([reason, count]) => [reason, perSecond(count, last.rejected[reason])] as const)
      .filter(([, rate]) => rate > 0);
    const point: RatePoint = {
      at: now.at,
      accepted: perSecond(now.accepted, last.accepted),
      rejected: Object.fromEntries(rejected),
      deadLettered: perSecond(now.deadLettered, last.deadLettered),
      lag: now.lag,
      sampled: now.sampled,
    };
    this.points.push(point);
    if (this.points.length > LIMITS.rates) this.points.shift();
    return point;
  }
}
