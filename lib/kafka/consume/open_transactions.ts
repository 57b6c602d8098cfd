import type { OffsetRange } from "../../offset_ranges.ts";

/** How far one partition can be read: an open transaction keeps `stable` behind `high`. */
export interface PartitionEnds {
  partition: number;
  /** The last stable offset: where the first open transaction begins, else the log's end. */
  stable: number;
  /** The high watermark: the log's end. */
  high: number;
}

/** Offsets that nobody can read yet, because they lie after the start of an open transaction. */
export interface HeldBack extends OffsetRange {
  partition: number;
}

/** Transactions usually end sooner; what is held back for longer is reported. */
const PATIENCE_MS = 5_000;

/** Notices from the fetches of a reader what an open transaction holds back. */
export class OpenTransactions {
  readonly #held = new Map<number, HeldBack & { since: number; told: boolean }>();

  /**
   * Takes the ends from one fetch, at `now` in milliseconds. Returns what is held back and not reported yet: usually
   * nothing, because each partition is reported once, until nothing is held back in it any more.
   */
  fetched(ends: readonly PartitionEnds[], now: number): HeldBack[] {
    for (const { partition, stable, high } of ends) {
      const held = this.#held.get(partition);
      if (stable >= high) this.#held.delete(partition);
      else if (held?.from === stable) held.to = high;
      else this.#held.set(partition, { partition, from: stable, to: high, since: now, told: held?.told ?? false });
    }
    const untold = [...this.#held.values()].filter(({ told }) => !told);
    if (!untold.some(({ since }) => now - since >= PATIENCE_MS)) return [];
    for (const held of untold) held.told = true;
    return untold.map(({ partition, from, to }) => ({ partition, from, to }));
  }
}

/** What is held back, as a phrase. */
export function describeHeldBack(topic: string, held: readonly HeldBack[]): string {
  const places = held.map(({ partition, from, to }) => `partition ${partition} from offset ${from}: ${to - from}`);
  const total = held.reduce((sum, { from, to }) => sum + to - from, 0);
  const subject = total === 1 ? "1 record waits" : `${total} records wait`;
  return `${subject} behind an open transaction in ${topic} (${places.join(", ")})`;
}
