import type { OutgoingOrder } from "../../ports.ts";
import { countsOfReplay, notesOnReplay, ReplayCounts, ReplayOrders } from "../../replay_orders.ts";
import type { Slice } from "../../slice.ts";
import type { AcceptedChoice, AcceptedOrder } from "../../store_admin.ts";
import type { Queries } from "../client/database.ts";
import { type Bound, boundsOf, merged, ORDER_COLUMNS, PAGE, pages, refuseLines, withoutNulls } from "./rows.ts";

/**
 * The accepted orders that the choice selects as of the call, oldest first: each partition's by offset, the partitions by
 * when they were accepted.
 *
 * The end is fixed by each partition's highest offset and newest acceptance: what the replay itself sends comes after
 * both. For a run that is resumed it is `until`, after the newest of them was created. Memory is bounded by partitions.
 * A resumed run looks through the replays for its own.
 */
export async function acceptedSlice(database: Queries, choice: AcceptedChoice): Promise<Slice<OutgoingOrder>> {
  const { filter } = choice;
  refuseLines(filter, "orders.jsonl");
  const bounds = await boundsOf(database, "orders");
  const orders = new ReplayOrders(choice);
  for (const bound of bounds) {
    for await (const order of replaysIn(database, bound)) orders.visitReplay(order);
  }
  const newest = Math.max(...bounds.map(({ newestCreated }) => newestCreated));
  const count = bounds.reduce((sum, { count }) => sum + count, 0);
  const found = orders.isAll ? orders.surveyAll(count) : await surveyed(orderStream(database, bounds), orders);
  return {
    total: found.total,
    noun: "order",
    notes: notesOnReplay(found),
    counts: countsOfReplay(found),
    until: isTime(newest + 1) ? Math.min(filter.until ?? Infinity, newest + 1) : filter.until,
    items: () => outgoing(orderStream(database, bounds), orders),
  };
}

async function surveyed(stream: AsyncGenerator<AcceptedOrder>, orders: ReplayOrders): Promise<ReplayCounts> {
  const counts = new ReplayCounts();
  const fateOf = orders.fates();
  for await (const order of stream) counts.add(fateOf(order), order);
  return counts;
}

/** The accepted orders up to `bounds`, oldest first. */
export function orderStream(database: Queries, bounds: readonly Bound[]): AsyncGenerator<AcceptedOrder> {
  return merged(
    bounds.map((bound) => ordersIn(database, bound)),
    (one, other) => one.accepted_at! < other.accepted_at!,
  );
}

async function* outgoing(
  stream: AsyncGenerator<AcceptedOrder>,
  orders: ReplayOrders,
): AsyncGenerator<OutgoingOrder> {
  const fateOf = orders.fates();
  for await (const order of stream) if (fateOf(order) === "sent") yield orders.outgoing(order);
}

/** Whether a flag can say this time: a sender may have set any. */
function isTime(time: number): boolean {
  return time >= 0 && time < Date.UTC(10_000);
}

const WITHIN = `topic = $1 AND partition = $2 AND "offset" <= $3 AND accepted_at <= $4::timestamptz
  AND ("offset", order_id) > ($5, $6)`;

function ordersIn(database: Queries, { topic, partition, last, newest }: Bound): AsyncGenerator<AcceptedOrder> {
  return pages(async (after) => {
    const rows = await database.query<AcceptedOrder>(
      `SELECT ${ORDER_COLUMNS} FROM orders WHERE ${WITHIN} ORDER BY "offset", order_id LIMIT ${PAGE}`,
      [topic, partition, last, newest, after.offset, after.order_id],
    );
    return rows.map(withoutNulls);
  });
}

function replaysIn(database: Queries, { topic, partition, last, newest }: Bound) {
  return pages((after) =>
    database.query<{ offset: number; order_id: string; replay_of: string }>(
      `SELECT "offset", order_id, replay_of FROM orders WHERE ${WITHIN} AND replay_of IS NOT NULL
       ORDER BY "offset", order_id LIMIT ${PAGE}`,
      [topic, partition, last, newest, after.offset, after.order_id],
    )
  );
}
