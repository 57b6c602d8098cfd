import { RETRYABLE_REASONS } from "./decide_order.ts";
import type { OutgoingOrder } from "./ports.ts";
import { runMark } from "./run_mark.ts";
import { isInTime, isOfNames, type SliceFilter } from "./slice.ts";
import type { RejectedOrder } from "./store_admin.ts";

/** What a redrive did with the rejected orders it was asked for. */
export interface RejectedCounts {
  /** Accepted since they were rejected. */
  accepted: number;
  /** Not retryable: no change to users or stock can help. */
  final: number;
  /** Sent by this run before. */
  sent: number;
}

/** Whether the filter selects the order, wherever it lies. */
export function isAskedFor(order: RejectedOrder, filter: SliceFilter): boolean {
  const isReason = filter.reason === undefined || filter.reason === order.reason;
  return isReason && isInTime(filter, order.rejected_at) && isOfNames(filter, order);
}

/** Whether the order may be accepted after a change to users or stock. */
export function isMendable({ reason }: RejectedOrder): boolean {
  return RETRYABLE_REASONS.includes(reason);
}

/** A rejected order to send again, with its own id and time, marked with the run that sends it. */
export function onceMore(rejected: RejectedOrder, run: string): OutgoingOrder {
  const { order_id, user, item, quantity, created_at, replay_of } = rejected;
  return {
    order: { order_id, user, item, quantity, created_at },
    replayOf: replay_of,
    runMark: runMark(run, order_id),
  };
}

/** The counts under the names that programs read. */
export function countsOfRejected({ accepted, final, sent }: RejectedCounts): Record<string, number> {
  return { accepted_since: accepted, not_mendable: final, sent_before: sent };
}

/** The counts as a person reads them. */
export function notesOnRejected({ accepted, final, sent }: RejectedCounts): string[] {
  const notes = [];
  if (sent > 0) notes.push(`${sent} were sent by this run before`);
  if (accepted > 0) notes.push(`${accepted} left out that were accepted since`);
  if (final > 0) {
    notes.push(`${final} left out that no change to users or stock can help (duplicate, conflicting or invalid)`);
  }
  return notes;
}
