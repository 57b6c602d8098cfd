import type { AcceptedOrder, OrderHistory, RejectedOrder } from "../../store_admin.ts";
import type { Queries } from "../client/database.ts";
import { ORDER_COLUMNS, REJECTED_COLUMNS, withoutNulls } from "./rows.ts";

/** Looks an order up among the accepted and the rejected ones. */
export async function orderHistory(database: Queries, orderId: string): Promise<OrderHistory> {
  const orders = (condition: string) =>
    database.query<AcceptedOrder>(
      `SELECT ${ORDER_COLUMNS} FROM orders WHERE ${condition} ORDER BY accepted_at, topic, partition, "offset"`,
      [orderId],
    );
  const [accepted] = await orders("order_id = $1");
  const rejections = await database.query<RejectedOrder>(
    `SELECT ${REJECTED_COLUMNS} FROM rejected WHERE left(order_id, 256) = left($1, 256) AND order_id = $1
     ORDER BY rejected_at, topic, partition, "offset"`,
    [orderId],
  );
  return {
    accepted: accepted && withoutNulls(accepted),
    rejections: rejections.map(withoutNulls),
    replays: (await orders("replay_of = $1")).map(withoutNulls),
  };
}
