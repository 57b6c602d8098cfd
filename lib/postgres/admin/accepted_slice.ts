import type { OutgoingOrder } from "../../ports.ts";
import { countsOfReplay, notesOnReplay, ReplayOrders, type ReplaySurvey } from "../../replay_orders.ts";
import type { Slice } from "../../slice.ts";
import type { AcceptedChoice, AcceptedOrder } from "../../store_admin.ts";
import type { Queries } from "../client/database.ts";
import { type Bound, boundsOf, merged, ORDER_COLUMNS, PAGE, pages, withoutNulls } from "./rows.ts";

/**
 * The accepted orders as of the call, oldest first: each partition's by offset, the partitions by when they were accepted.
 *
 * The end is fixed by each partition's highest offset and newest acceptance: what the replay itself sends comes after
 * both. Memory is bounded by partitions. A resumed run looks through the replays for its own.
 */
export async function acceptedSlice(database: Queries, choice: AcceptedChoice): Promise<Slice<OutgoingOrder>> {
  const bounds = await boundsOf(database, "orders");
  const orders = new ReplayOrders(choice);
  const { visit, survey } = orders.surveyor();
  for (const bound of bounds) {
    for await (const order of replaysIn(database, bound)) visit(order);
  }
  const found = survey(bounds.reduce((sum, { count }) => sum + count, 0));
  return {
    total: found.total,
    noun: "order",
    notes: notesOnReplay(found),
    counts: countsOfReplay(found),
    items: () => outgoing(orderStream(database, bounds), orders, found),
  };
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
  survey: ReplaySurvey,
): AsyncGenerator<OutgoingOrder> {
  for await (const order of stream) {
    const sent = orders.outgoing(order, survey);
    if (sent !== undefined) yield sent;
  }
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
