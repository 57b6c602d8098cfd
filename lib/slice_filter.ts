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
