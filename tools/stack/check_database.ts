import type { DatabaseConnection } from "../../lib/connections.ts";
import { counted } from "../../lib/counted.ts";
import { Failure } from "../../lib/errors.ts";
import { Database } from "../../lib/postgres/client/database.ts";
import { placeOf, sqlState } from "../../lib/postgres/client/database_error.ts";
import type { Check } from "./check.ts";

/** SQLSTATE of a missing table. */
const NO_TABLE = "42P01";

interface Found {
  version: string;
  fsync: string;
  users: number;
  items: number;
}

/** Whether the database answers and has what the pipeline reads; changes nothing. Permission: net. */
export async function checkDatabase(connection: DatabaseConnection): Promise<Check> {
  const name = "database";
  const place = placeOf(connection);
  const database = new Database(connection);
  try {
    const [{ version, fsync, users, items }] = await database.query<Found>(
      `SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
         (SELECT count(*) FROM users) AS users, (SELECT count(*) FROM inventory) AS items`,
    );
    const found = `${counted(Number(users), "user")} and ${
      counted(Number(items), "item")
    } in PostgreSQL ${version} at ${place}`;
    if (fsync === "on") return { name, level: "ok", found };
    return { name, level: "warn", found: `${found}, with fsync off`, remedy: "a power loss may cost accepted orders" };
  } catch (error) {
    if (sqlState(error) === NO_TABLE) {
      return { name, level: "fail", found: `no tables at ${place}`, remedy: "run deno task bootstrap" };
    }
    // Its sentence says what to do.
    if (error instanceof Failure) return { name, level: "fail", found: error.message };
    throw error;
  } finally {
    await database.close();
  }
}
