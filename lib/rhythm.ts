export interface RhythmSetting {
  /** So many times as fast as the orders were created; after a stall it catches up. */
  speed?: number;
  /** With `speed`: the most seconds between one order and the next. */
  maxGap?: number;
}

/** The gaps between orders as they were created, at a multiple of that speed. */
export class Rhythm {
  readonly #speed: number;
  readonly #maxGapMs: number;
  #last: number | undefined;

  constructor({ speed = 1, maxGap = Infinity }: RhythmSetting) {
    this.#speed = speed;
    this.#maxGapMs = maxGap * 1_000;
  }

  /**
   * Milliseconds from the order before to this one, created at `time` in milliseconds since the epoch. One created
   * earlier than those before it follows at once, so that the whole takes as long as it did.
   */
  gapBefore(time: number): number {
    const last = this.#last ?? time;
    this.#last = Math.max(last, time);
    return Math.min((this.#last - last) / this.#speed, this.#maxGapMs);
  }
}

/** Milliseconds from the first of these orders to the last, at this pace. */
export async function lengthOf<T>(
  orders: Iterable<T> | AsyncIterable<T>,
  pace: RhythmSetting,
  timeOf: (order: T) => number,
): Promise<number> {
  const rhythm = new Rhythm(pace);
  let length = 0;
  for await (const order of orders) length += rhythm.gapBefore(timeOf(order));
  return length;
}
