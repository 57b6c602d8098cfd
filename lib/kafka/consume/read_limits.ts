import type { PartitionEnds } from "./open_transactions.ts";

/** How far a subscription has come, and where it ends. */
export class ReadLimits {
  readonly #positions: Map<number, number>;
  /** The log's end as of the last fetch, by partition. */
  readonly #ends = new Map<number, number>();
  readonly #until: ReadonlyMap<number, number> | undefined;
  readonly #watch: { advanced(partition: number, to: number): void } | undefined;
  #left: number;

  /**
   * `starts` are the first offsets to read and `until` where reading ends, by partition; at most `maxMessages` are
   * read. `watch` hears of each position.
   */
  constructor({ starts, until, maxMessages = Infinity, watch }: {
    starts: ReadonlyMap<number, number>;
    until?: ReadonlyMap<number, number>;
    maxMessages?: number;
    watch?: { advanced(partition: number, to: number): void };
  }) {
    this.#positions = new Map(starts);
    this.#until = until;
    this.#left = maxMessages;
    this.#watch = watch;
  }

  /** Messages that may still be read. */
  get left(): number {
    return this.#left;
  }

  /** The partitions that reading ends with; undefined if it does not end by itself. */
  get partitions(): number[] | undefined {
    return this.#until && [...this.#until.keys()];
  }

  positionOf(partition: number): number | undefined {
    return this.#positions.get(partition);
  }

  /** Notes that a partition was read up to offset `to`, with `messages` more records. */
  advance(partition: number, to: number, messages = 0): void {
    this.#positions.set(partition, to);
    this.#left -= messages;
    this.#watch?.advanced(partition, to);
  }

  /** Notes the ends of the log that came with a fetch. */
  fetched(ends: readonly PartitionEnds[]): void {
    for (const { partition, high } of ends) this.#ends.set(partition, high);
  }

  /** The records of `partitions` that are not handled yet, as of the last fetch; undefined before there was one. */
  lagOf(partitions: readonly number[]): number | undefined {
    let lag = 0;
    for (const partition of partitions) {
      const end = this.#ends.get(partition);
      if (end === undefined) return undefined;
      lag += Math.max(0, end - (this.#positions.get(partition) ?? 0));
    }
    return lag;
  }

  get isReached(): boolean {
    const isBehind = ([partition, end]: [number, number]) => (this.#positions.get(partition) ?? 0) < end;
    return this.#left <= 0 || this.#until?.entries().some(isBehind) === false;
  }
}
