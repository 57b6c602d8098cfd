import { nameKey } from "./order.ts";

/**
 * What a replay sends again: chosen and counted when it begins, and unaffected by what is judged meanwhile.
 *
 * `items` may be read more than once; each record is created only when asked for.
 */
export interface Slice<T> {
  /** How many `items` yields. */
  total: number;
  /** What one of them is called, in the singular. */
  noun: string;
  /** What else a person should know, such as what was left out and why. */
  notes: string[];
  /** The numbers in these notes, under the names used in JSON. */
  counts: Record<string, number>;
  /** Its end, as a value of `--to`; missing if the end need not be fixed. */
  to?: number;
  /** Where it ends in time, in milliseconds since the epoch, for `--until`; likewise. */
  until?: number;
  items(): Iterable<T> | AsyncIterable<T>;
}

/** Selects orders or dead letters; all of them if nothing is set. */
export interface SliceFilter {
  /** The reason of a rejected order, or words contained in that of a dead letter. */
  reason?: string;
  user?: string;
  item?: string;
  /** Milliseconds since the epoch, inclusive. */
  since?: number;
  /** Milliseconds since the epoch, exclusive. */
  until?: number;
  /** Inclusive: an offset of the dead-letter topic, or a line of `rejected.jsonl` or `orders.jsonl`. */
  from?: number;
  /** Exclusive, likewise. */
  to?: number;
  /** This many at most. */
  limit?: number;
}

/** Whether the filter selects an order of this user for this item. */
export function isOfNames({ user, item }: SliceFilter, order: { user: string; item: string }): boolean {
  const isAsked = (asked: string | undefined, name: string) => asked === undefined || nameKey(asked) === nameKey(name);
  return isAsked(user, order.user) && isAsked(item, order.item);
}

/** Whether `time`, in milliseconds since the epoch, lies within the filter. */
export function isInTime({ since = -Infinity, until = Infinity }: SliceFilter, time: number): boolean {
  return time >= since && time < until;
}
