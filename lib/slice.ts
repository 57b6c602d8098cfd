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
