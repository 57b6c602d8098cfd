/** Offsets `[from, to)` of one partition. */
export interface OffsetRange {
  from: number;
  to: number;
}

/** What was read of one partition. */
export interface PartitionRanges {
  topic: string;
  partition: number;
  /** Sorted, neighbours joined. */
  ranges: OffsetRange[];
}

/** Ranges that may wait to be sorted in: sorting in each by itself would cost n² where there are n gaps. */
const MAX_WAITING = 1_000;

/** Offsets of one partition as ranges: sorted, disjoint, neighbours joined. Bounded by the gaps between them. */
export class OffsetRanges {
  #ranges: OffsetRange[] = [];
  #waiting: OffsetRange[] = [];

  /** Adds a range that is not empty. */
  add({ from, to }: OffsetRange): void {
    const last = this.#ranges.at(-1);
    // The usual case: reading on from where the last batch ended.
    if (last !== undefined && from >= last.from && from <= last.to) {
      last.to = Math.max(last.to, to);
      return;
    }
    this.#waiting.push({ from, to });
    if (this.#waiting.length > Math.max(MAX_WAITING, this.#ranges.length / 4)) this.#settle();
  }

  /** Forgets every offset from `at` on. */
  cut(at: number): void {
    this.#settle();
    this.#ranges = this.#ranges.filter(({ from }) => from < at);
    const last = this.#ranges.at(-1);
    if (last !== undefined) last.to = Math.min(last.to, at);
  }

  /** How many ranges there are. */
  get size(): number {
    this.#settle();
    return this.#ranges.length;
  }

  /** A copy, in order. */
  toArray(): OffsetRange[] {
    this.#settle();
    return this.#ranges.map((range) => ({ ...range }));
  }

  #settle(): void {
    if (this.#waiting.length === 0) return;
    const sorted = [...this.#ranges, ...this.#waiting].sort((a, b) => a.from - b.from);
    this.#waiting = [];
    this.#ranges = [];
    for (const range of sorted) {
      const last = this.#ranges.at(-1);
      if (last !== undefined && range.from <= last.to) last.to = Math.max(last.to, range.to);
      else this.#ranges.push(range);
    }
  }
}

/**
 * The first offset from `offset` on that lies in one of `ranges`, which are sorted as in {@linkcode OffsetRanges};
 * Infinity if there is none. Looks at few ranges, however many there are.
 */
export function nextOffsetIn(ranges: readonly OffsetRange[], offset: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle].to <= offset) low = middle + 1;
    else high = middle;
  }
  return low === ranges.length ? Infinity : Math.max(offset, ranges[low].from);
}
