import type { StoreView } from "../../judge_batch.ts";
import { nameKey, type ReceivedOrder, type StockItem, type User } from "../../order.ts";
import type { OrderColumns } from "../../order_columns.ts";
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
  orders: OrderColumns,
): Promise<Pick<StoreView, "version" | "user" | "item">> {
  const items = await lockItems(session, keysOf(orders, orders.item));
  const users = await readUsers(session, keysOf(orders, orders.user));
  return { version: items, user: (name) => users.get(nameKey(name)), item: (name) => items.get(nameKey(name)) };
}

/** The keys of the users or items of valid orders; others may hold what PostgreSQL cannot store as text. */
function keysOf(orders: OrderColumns, column: Int32Array): string[] {
  const names = new Set<number>();
  for (let row = 0; row < orders.length; row++) if (orders.isValid(row)) names.add(column[row]);
  return [...new Set([...names].map((name) => nameKey(orders.names.text(name))))];
}

/**
 * What was accepted under these ids. Read after the locks are taken, because others may have accepted them while this
 * transaction waited.
 */
export async function readAccepted(
  session: Queries,
  ids: readonly string[],
): Promise<Map<string, ReceivedOrder>> {
  if (ids.length === 0) return new Map();
  const rows = await session.query<OrderRow>(
    `SELECT order_id, user_name, item, quantity, created_at, topic, partition, "offset", replay_of
     FROM orders WHERE order_id = ANY($1::text[])`,
    [ids],
  );
  return new Map(rows.map((row) => [row.order_id, received(row)]));
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
