import { RETRYABLE_REASONS } from "./decide_order.ts";
import type { OutgoingOrder } from "./ports.ts";
import { runMark } from "./run_mark.ts";
import { isInTime, type SliceFilter } from "./slice.ts";
import type { RejectedOrder } from "./store_admin.ts";

/** What became of the rejected orders that a redrive was asked for. */
export interface RejectedCounts {
  /** Accepted since they were rejected. */
  accepted: number;
  /** Rejected for a reason that no change of users or stock can mend. */
  final: number;
  /** Sent by this run before. */
  sent: number;
}

/** Whether the filter asks for the order; where it lies is another question. */
export function isAskedFor(order: RejectedOrder, filter: SliceFilter): boolean {
  const isAsked = (asked: string | undefined, value: string) => asked === undefined || asked === value;
  return isInTime(filter, order.rejected_at) && isAsked(filter.reason, order.reason) &&
    isAsked(filter.user, order.user) && isAsked(filter.item, order.item);
}

/** Whether a change of users or stock can have the order accepted. */
export function isMendable({ reason }: RejectedOrder): boolean {
  return RETRYABLE_REASONS.includes(reason);
}

/** A rejected order on its way back, with the id and time it has, marked with the run that sends it. */
export function onceMore(rejected: RejectedOrder, run: string): OutgoingOrder {
  const { order_id, user, item, quantity, created_at, replay_of } = rejected;
  return {
    order: { order_id, user, item, quantity, created_at },
    replayOf: replay_of,
    runMark: runMark(run, order_id),
  };
}

/** The counts under the names a machine reads. */
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
