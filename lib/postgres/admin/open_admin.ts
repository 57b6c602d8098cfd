import type { DatabaseConnection } from "../../connections.ts";
import type { BeginProgress } from "../../progress.ts";
import { TOOL_STATEMENT_TIMEOUT_MS } from "../client/database.ts";
import { openDatabase } from "../client/open_database.ts";
import { PostgresAdmin } from "./postgres_admin.ts";

/**
 * Connects as a tool does; `warn` gets what a person should know, `begin` the work that may take long. Throws a
 * {@linkcode Failure}: 69 after 10 s without a database, 78 where a setting or right is wrong. Permission: net. The
 * caller closes.
 */
export async function openAdmin(
  connection: DatabaseConnection,
  warn: (sentence: string) => void,
  watched: { begin?: BeginProgress } = {},
): Promise<PostgresAdmin> {
  const database = await openDatabase(connection, { statementTimeoutMs: TOOL_STATEMENT_TIMEOUT_MS });
  return new PostgresAdmin(database, warn, watched);
}
