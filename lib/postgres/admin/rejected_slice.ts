import type { OutgoingOrder } from "../../ports.ts";
import { countsOfRejected, isAskedFor, isMendable, notesOnRejected, onceMore } from "../../redrive.ts";
import type { Slice } from "../../slice.ts";
import type { RejectedChoice, RejectedOrder } from "../../store_admin.ts";
import type { Queries } from "../client/database.ts";
import { type Bound, boundsOf, merged, PAGE, pages, refuseLines, REJECTED_COLUMNS, withoutNulls } from "./rows.ts";

/** A rejected order, and whether it was accepted since. */
type Found = RejectedOrder & { accepted: boolean };

/** Where the slice ends. */
interface End {
  bounds: Bound[];
  /** Milliseconds since the epoch, the first that no longer counts. */
  until: number;
}

/**
 * The rejected orders that may be accepted now, by their last rejection, each once and with the id it has.
 *
 * The end is fixed by time, as `until`, and for this run by each partition's highest offset as well: what is rejected
 * again comes after both. Memory is bounded by partitions.
 */
export async function rejectedSlice(database: Queries, choice: RejectedChoice): Promise<Slice<OutgoingOrder>> {
  const { filter, sent } = choice;
  refuseLines(filter, "rejected.jsonl");
  const bounds = await boundsOf(database, "rejected");
  const newest = Math.max(...bounds.map(({ newestMs }) => newestMs));
  const end = { bounds, until: Math.min(filter.until ?? Infinity, newest + 1) };
  const counts = { total: 0, accepted: 0, final: 0, sent: 0 };
  const limit = Math.max(0, (filter.limit ?? Infinity) - sent.size);
  for await (const order of rejections(database, end)) {
    const fate = fateOf(order, choice);
    if (fate === "total") counts.total = Math.min(counts.total + 1, limit);
    else if (fate !== undefined) counts[fate]++;
  }
  return {
    total: counts.total,
    noun: "rejected order",
    notes: notesOnRejected(counts),
    counts: countsOfRejected(counts),
    until: Number.isFinite(end.until) ? end.until : undefined,
    items: () => outgoing(rejections(database, end), { ...choice, limit }),
  };
}

async function* outgoing(
  found: AsyncGenerator<Found>,
  choice: RejectedChoice & { limit: number },
): AsyncGenerator<OutgoingOrder> {
  let left = choice.limit;
  for await (const order of found) {
    if (fateOf(order, choice) !== "total") continue;
    if (left-- <= 0) return;
    yield onceMore(order, choice.run);
  }
}

function fateOf(order: Found, { filter, sent }: RejectedChoice): "total" | "accepted" | "final" | "sent" | undefined {
  if (!isAskedFor(order, filter)) return undefined;
  if (!isMendable(order)) return "final";
  if (sent.has(order.order_id)) return "sent";
  return order.accepted ? "accepted" : "total";
}

/** The last rejection of each order_id before the end. */
function rejections(database: Queries, { bounds, until }: End): AsyncGenerator<Found> {
  const streams = bounds.map((bound) => rejectionsIn(database, bound, until));
  return merged(streams, (one, other) => one.rejected_at < other.rejected_at);
}

function rejectionsIn(database: Queries, { topic, partition, last }: Bound, until: number): AsyncGenerator<Found> {
  return pages(async (after) => {
    const rows = await database.query<Found>(
      `SELECT ${REJECTED_COLUMNS}, EXISTS (SELECT FROM orders WHERE orders.order_id = this.order_id) AS accepted
       FROM rejected AS this
       WHERE topic = $1 AND partition = $2 AND "offset" <= $3 AND rejected_at < $4::timestamptz
         AND ("offset", order_id) > ($5, $6)
         AND NOT EXISTS (
           SELECT FROM rejected AS later
           WHERE left(later.order_id, 256) = left(this.order_id, 256) AND later.order_id = this.order_id
             AND later.rejected_at < $4::timestamptz
             AND later.rejected_at >= this.rejected_at
             AND (later.rejected_at, later.topic, later.partition, later."offset")
               > (this.rejected_at, this.topic, this.partition, this."offset")
         )
       ORDER BY "offset", order_id LIMIT ${PAGE}`,
      [topic, partition, last, new Date(until).toISOString(), after.offset, after.order_id],
    );
    return rows.map(withoutNulls);
  });
}
