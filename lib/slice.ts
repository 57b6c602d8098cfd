/**
 * What a replay sends again: chosen and counted when it begins, and no more than that however much is judged meanwhile.
 *
 * `items` may be read more than once; what it yields is made when it is asked for.
 */
export interface Slice<T> {
  /** How many `items` yields. */
  total: number;
  /** What one of them is called. */
  noun: string;
  /** What else a person should know of it, such as what was left out and why. */
  notes: string[];
  /** The figures among them, under the names a machine reads. */
  counts: Record<string, number>;
  /** Where it ends, in the count of `--to`; missing where the end needs no keeping. */
  to?: number;
  /** Where it ends in time, in milliseconds since the epoch, for `--until`; likewise. */
  until?: number;
  items(): Iterable<T> | AsyncIterable<T>;
}

/** Which of what was set aside is meant, rejected orders or dead letters; all of them where nothing is given. */
export interface SliceFilter {
  /** The reason of a rejected order, or words within that of a dead letter. */
  reason?: string;
  user?: string;
  item?: string;
  /** Milliseconds since the epoch, the first that counts. */
  since?: number;
  /** Milliseconds since the epoch, the first that does not count any more. */
  until?: number;
  /** The first place that counts: an offset of the dead-letter topic, a line of `rejected.jsonl`. */
  from?: number;
  /** The first place that does not count any more. */
  to?: number;
  /** So many at most. */
  limit?: number;
}

/** Whether `time`, in milliseconds since the epoch, lies within what the filter asks for. */
export function isInTime({ since = -Infinity, until = Infinity }: SliceFilter, time: number): boolean {
  return time >= since && time < until;
}
