import { invalidOrder } from "../../decide_order.ts";
import type { StoreView } from "../../judge_batch.ts";
import { nameKey, type Order, type ReceivedOrder, type StockItem, type User } from "../../order.ts";
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
 * What `orders` are judged against, except what was accepted before ({@linkcode readAccepted}). The rows of their items
 * are locked until the end of the transaction, so that nobody else takes from the same stock; in order, so that no two
 * transactions wait for each other.
 */
export async function readView(
  session: Queries,
  orders: readonly ReceivedOrder[],
): Promise<Pick<StoreView, "user" | "item">> {
  const valid = orders.map(({ order }) => order).filter(isStorable);
  const items = await lockItems(session, [...new Set(valid.map(({ item }) => nameKey(item)))]);
  const users = await readUsers(session, [...new Set(valid.map(({ user }) => nameKey(user)))]);
  return { user: (name) => users.get(nameKey(name)), item: (name) => items.get(nameKey(name)) };
}

/**
 * What was accepted under the ids of `orders`. Read after the locks are taken, because others may have accepted them
 * while this transaction waited.
 */
export async function readAccepted(
  session: Queries,
  orders: readonly ReceivedOrder[],
): Promise<Map<string, ReceivedOrder>> {
  const ids = orders.map(({ order }) => order).filter(isStorable).map(({ order_id }) => order_id);
  if (ids.length === 0) return new Map();
  const rows = await session.query<OrderRow>(
    `SELECT order_id, user_name, item, quantity, created_at, topic, partition, "offset", replay_of
     FROM orders WHERE order_id = ANY($1::text[])`,
    [ids],
  );
  return new Map(rows.map((row) => [row.order_id, received(row)]));
}

/** An invalid order is rejected whatever is stored, and may hold what PostgreSQL cannot store as text. */
function isStorable(order: Order): boolean {
  return invalidOrder(order) === undefined;
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

function received(row: OrderRow): ReceivedOrder {
  const { order_id, user_name, item, quantity, created_at, topic, partition, offset, replay_of } = row;
  return {
    order: { order_id, user: user_name, item, quantity, created_at },
    at: { topic, partition, offset },
    ...(replay_of === null ? {} : { replayOf: replay_of }),
  };
}
