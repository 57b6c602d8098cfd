import { LIMITS, type RatePoint } from "../snapshot.ts";

/** Verdicts that one look at a source brought. */
export interface Fresh {
  /** When it was looked at. */
  at: number;
  /** Numbers by verdict, since the look before. */
  counts: Record<string, number>;
}

/** What a source is doing: verdicts per second, averaged over the time from one look to the next. */
export class Pace {
  #at: number | undefined;
  #perSecond: Record<string, number> = {};

  /** `fresh` is that of the last look, also where there was none since; undefined if the source is away. */
  see(fresh: Fresh | undefined): Record<string, number> {
    if (fresh === undefined) return this.#perSecond = {};
    const before = this.#at;
    if (fresh.at === before) return this.#perSecond;
    this.#at = fresh.at;
    if (before === undefined) return this.#perSecond;
    const seconds = Math.max(0.001, (fresh.at - before) / 1_000);
    const rates = Object.entries(fresh.counts).map(([verdict, count]) => [verdict, toTenth(count / seconds)] as const);
    return this.#perSecond = Object.fromEntries(rates.filter(([, rate]) => rate > 0));
  }
}

/** The points of the rate chart, oldest first. */
export class RateHistory {
  readonly points: RatePoint[] = [];

  add(point: RatePoint): RatePoint {
    this.points.push(point);
    if (this.points.length > LIMITS.rates) this.points.shift();
    return point;
  }
}

function toTenth(rate: number): number {
  return Math.round(rate * 10) / 10;
}
