import { EXIT, Failure } from "../../errors.ts";
import type { Database } from "../client/database.ts";
import { placeOf } from "../client/database_error.ts";

/** The least that a consumer needs (docs/SECURITY.md). */
export const STORE_RIGHTS: Readonly<Record<string, readonly string[]>> = {
  schema_migrations: ["SELECT"],
  users: ["SELECT"],
  inventory: ["SELECT", "UPDATE"],
  orders: ["SELECT", "INSERT"],
  rejected: ["SELECT", "INSERT", "DELETE"],
  positions: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  offset_ranges: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  offset_changes: ["SELECT", "INSERT", "UPDATE", "DELETE"],
};

/** Throws a {@linkcode Failure} (78) with the GRANT that is missing: at the start, not with the first order. */
export async function requireRights(database: Database): Promise<void> {
  const pairs = Object.entries(STORE_RIGHTS).flatMap(([table, rights]) => rights.map((right) => [table, right]));
  const missing = await database.query<{ name: string; right: string }>(
    `SELECT name, "right" FROM unnest($1::text[], $2::text[]) AS needed (name, "right")
     WHERE NOT has_table_privilege(name, "right")`,
    [pairs.map(([table]) => table), pairs.map(([, right]) => right)],
  );
  if (missing.length === 0) return;
  const { connection } = database;
  const grants = missing.map(({ name, right }) => `GRANT ${right} ON ${name} TO "${connection.user}"`).join("; ");
  throw new Failure(
    EXIT.config,
    `PostgreSQL at ${placeOf(connection)} denies ${connection.user} what consuming needs: ${grants}`,
  );
}
