import { nameKey, type StockItem, type User } from "../../order.ts";
import type { Queries } from "../client/database.ts";
import { journal } from "./stock_journal.ts";

interface Rows {
  users: readonly User[];
  items: readonly StockItem[];
}

/** Adds the rows that are missing, and returns them; in a transaction, because the stock is journalled. */
export async function addMissing(
  session: Queries,
  { users, items }: Rows,
): Promise<{ users: User[]; items: StockItem[] }> {
  const added = await session.query<{ name: string }>(
    `INSERT INTO users (name, status) SELECT * FROM unnest($1::text[], $2::text[]) AS given (name, status) ORDER BY name
     ON CONFLICT (name) DO NOTHING RETURNING name`,
    [users.map(({ name }) => nameKey(name)), users.map(({ status }) => status)],
  );
  const stocked = await session.query<{ name: string }>(
    `INSERT INTO inventory (item, quantity) SELECT * FROM unnest($1::text[], $2::bigint[]) AS given (item, quantity)
     ORDER BY item ON CONFLICT (item) DO NOTHING RETURNING item AS name`,
    [items.map(({ name }) => nameKey(name)), items.map(({ quantity }) => quantity)],
  );
  const isIn = (rows: { name: string }[]) => ({ name }: { name: string }) =>
    rows.some((row) => row.name === nameKey(name));
  const missing = { users: users.filter(isIn(added)), items: items.filter(isIn(stocked)) };
  await journal(
    session,
    missing.items.map(({ name, quantity }) => ({ item: name, set: quantity, was: null })),
    "bootstrap",
  );
  return missing;
}
