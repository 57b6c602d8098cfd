import type { StockItem, User } from "../../order.ts";
import type { Database, Queries } from "../client/database.ts";
import { throughConflicts } from "../client/retry.ts";
import { addMissing } from "./add_missing.ts";
import { IncomingStore } from "./incoming_store.ts";

/**
 * Replaces the current store by one with these users and items; returns the schema that has the old tables, or
 * undefined where they were empty and were only filled.
 */
export async function startOver(
  database: Database,
  rows: { users: readonly User[]; items: readonly StockItem[] },
): Promise<string | undefined> {
  if (await isEmpty(database)) {
    await throughConflicts(() => database.transaction((session) => addMissing(session, rows)));
    return undefined;
  }
  const incoming = new IncomingStore(database);
  await incoming.begin();
  await incoming.transaction((session) => addMissing(session, rows));
  await incoming.complete();
  return await throughConflicts(() => incoming.takePlace());
}

/** Whether a store holds nothing at all. */
export async function isEmpty(session: Queries): Promise<boolean> {
  const [{ isEmpty }] = await session.query<{ isEmpty: boolean }>(
    `SELECT NOT (EXISTS (SELECT FROM users) OR EXISTS (SELECT FROM inventory) OR EXISTS (SELECT FROM orders)
       OR EXISTS (SELECT FROM rejected) OR EXISTS (SELECT FROM positions)) AS "isEmpty"`,
  );
  return isEmpty;
}
