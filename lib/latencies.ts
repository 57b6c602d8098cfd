/** The step from one bucket to the next: what is told is at most so much too high. */
const STEP = 1.01;

/** Times of any number of things, in milliseconds, in little memory: percentiles to a hundredth of their value. */
export class Latencies {
  readonly #buckets = new Map<number, number>();
  #count = 0;
  #max = 0;

  /** Notes that `count` things took `ms`. */
  add(ms: number, count: number): void {
    const bucket = Math.ceil(Math.log(Math.max(ms, Number.MIN_VALUE)) / Math.log(STEP));
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + count);
    this.#count += count;
    this.#max = Math.max(this.#max, ms);
  }

  get max(): number {
    return this.#max;
  }

  /** The time within which `percent` of them were done; 0 if there are none. */
  percentile(percent: number): number {
    let left = Math.ceil(this.#count * percent / 100);
    for (const [bucket, count] of [...this.#buckets].sort(([one], [other]) => one - other)) {
      left -= count;
      if (left <= 0) return Math.min(STEP ** bucket, this.#max);
    }
    return this.#max;
  }
}
