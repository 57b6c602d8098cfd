import { invalidOrder } from "../../decide_order.ts";
import type { StoreView } from "../../judge_batch.ts";
import { nameKey, type ReceivedOrder, type StockItem, type User } from "../../order.ts";
import type { Queries } from "../client/database.ts";

/** Columns of `orders` that make up a {@linkcode ReceivedOrder}. */
interface OrderRow {
  order_id: string;
  user_name: string;
  item: string;
  quantity: number;
  created_at: number;
  topic: string;
  partition: number;
  offset: number;
  replay_of: string | null;
}

/**
 * What `orders` are judged against. The rows of their items are locked until the end of the transaction, so that no one
 * else takes from the same stock; in order, so that no two wait for each other. What others have accepted is read after
 * that, for they may have done so while these waited.
 */
export async function readView(session: Queries, orders: readonly ReceivedOrder[]): Promise<StoreView> {
  // An invalid one is rejected whatever is stored, and may hold what PostgreSQL takes for no text.
  const valid = orders.map(({ order }) => order).filter((order) => invalidOrder(order) === undefined);
  const items = await lockItems(session, [...new Set(valid.map(({ item }) => nameKey(item)))]);
  const users = await readUsers(session, [...new Set(valid.map(({ user }) => nameKey(user)))]);
  const accepted = await readAccepted(session, valid.map(({ order_id }) => order_id));
  return {
    user: (name) => users.get(nameKey(name)),
    item: (name) => items.get(nameKey(name)),
    accepted: (orderId) => accepted.get(orderId),
  };
}

async function lockItems(session: Queries, names: readonly string[]): Promise<Map<string, StockItem>> {
  if (names.length === 0) return new Map();
  const rows = await session.query<StockItem>(
    "SELECT item AS name, quantity FROM inventory WHERE item = ANY($1::text[]) ORDER BY item FOR UPDATE",
    [names],
  );
  return new Map(rows.map((row) => [row.name, row]));
}

async function readUsers(session: Queries, names: readonly string[]): Promise<Map<string, User>> {
  if (names.length === 0) return new Map();
  const rows = await session.query<User>("SELECT name, status FROM users WHERE name = ANY($1::text[])", [names]);
  return new Map(rows.map((row) => [row.name, row]));
}

async function readAccepted(session: Queries, ids: readonly string[]): Promise<Map<string, ReceivedOrder>> {
  if (ids.length === 0) return new Map();
  const rows = await session.query<OrderRow>(
    `SELECT order_id, user_name, item, quantity, created_at, topic, partition, "offset", replay_of
     FROM orders WHERE order_id = ANY($1::text[])`,
    [ids],
  );
  return new Map(rows.map((row) => [row.order_id, received(row)]));
}

function received(row: OrderRow): ReceivedOrder {
  const { order_id, user_name, item, quantity, created_at, topic, partition, offset, replay_of } = row;
  return {
    order: { order_id, user: user_name, item, quantity, created_at },
    at: { topic, partition, offset },
    ...(replay_of === null ? {} : { replayOf: replay_of }),
  };
}
