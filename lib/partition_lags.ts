/** How far a reader is behind in one partition. */
export interface PartitionLag {
  partition: number;
  /** Records that wait: the log's end minus the position. */
  lag: number;
  /** Age of the oldest of them in seconds; 0 if none waits. */
  lagSeconds: number;
}

interface Progress {
  /** The next offset to handle. */
  position?: number;
  /** The log's end as it was last seen, and when that was. */
  end?: number;
  seenAt?: number;
  /** When the oldest waiting record was sent, as far as that is known; undefined if none waits. */
  waitingSince?: number;
}

/**
 * How far a reader is behind in its partitions, from what it hears while it reads. Times are milliseconds since the
 * epoch.
 *
 * The time of a waiting record is known once it is fetched. Before, it counts from when it was seen to be there, or in a
 * backlog from the record handled last.
 */
export class PartitionLags {
  #progress = new Map<number, Progress>();

  /** Forgets all partitions but these; one that is new begins at its offset in `starts`, if that is known. */
  assign(partitions: readonly number[], starts: ReadonlyMap<number, number>): void {
    this.#progress = new Map(
      partitions.map((partition) => [partition, this.#progress.get(partition) ?? { position: starts.get(partition) }]),
    );
  }

  /** Notes the log's end, as a broker has told it. */
  ends(partition: number, end: number, now: number): void {
    const progress = this.#progress.get(partition);
    if (progress === undefined) return;
    progress.end = end;
    progress.seenAt = now;
    this.#settle(progress, now);
  }

  /** Notes that a batch whose first record was sent at `firstAt` is about to be handled. */
  took(partition: number, firstAt: number): void {
    const progress = this.#progress.get(partition);
    if (progress !== undefined) progress.waitingSince = Math.min(progress.waitingSince ?? Infinity, firstAt);
  }

  /** Notes the next offset to handle; `lastAt` is when the record before it was sent. */
  advance(partition: number, position: number, lastAt: number): void {
    const progress = this.#progress.get(partition);
    if (progress === undefined) return;
    progress.position = position;
    progress.waitingSince = undefined;
    this.#settle(progress, lastAt);
  }

  /** Notes when the record before an offset was sent; it counts if reading has not gone on from that offset since. */
  sentUntil(partition: number, position: number, lastAt: number): void {
    if (this.#progress.get(partition)?.position === position) this.advance(partition, position, lastAt);
  }

  /** Partitions whose end was not seen since `time`. */
  unseenSince(time: number): number[] {
    return [...this.#progress].filter(([, { seenAt = 0 }]) => seenAt < time).map(([partition]) => partition);
  }

  /** The partitions whose position and end are known. */
  lags(now: number): PartitionLag[] {
    return [...this.#progress].flatMap(([partition, { position, end, waitingSince }]) => {
      if (position === undefined || end === undefined) return [];
      const lag = Math.max(0, end - position);
      const lagSeconds = lag === 0 ? 0 : Math.max(0, now - (waitingSince ?? now)) / 1_000;
      return [{ partition, lag, lagSeconds }];
    });
  }

  #settle(progress: Progress, since: number): void {
    const { position, end } = progress;
    if (position === undefined || end === undefined) return;
    if (position >= end) progress.waitingSince = undefined;
    else progress.waitingSince ??= since;
  }
}
