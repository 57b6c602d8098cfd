import { setTimeout as delay } from "node:timers/promises";
import type { DatabaseConnection } from "../../connections.ts";
import { EXIT, Outage } from "../../errors.ts";
import { Database, type DatabaseOptions } from "./database.ts";
import { migrate } from "./migrate.ts";

/** How long a start waits for a database that is unreachable. */
const START_TIMEOUT_MS = 10_000;
const RETRY_MS = 500;

/**
 * Connects, and brings the tables up to date. Throws a {@linkcode Failure}: 69 after 10 s without a database, 78 at once
 * where a setting or right is wrong. Permission: net. The caller closes.
 */
export async function openDatabase(connection: DatabaseConnection, options: DatabaseOptions = {}): Promise<Database> {
  const database = new Database(connection, options);
  try {
    for (const deadline = Date.now() + START_TIMEOUT_MS;; await delay(RETRY_MS)) {
      try {
        await migrate(database);
        return database;
      } catch (error) {
        if (!(error instanceof Outage)) throw error;
        if (Date.now() + RETRY_MS > deadline) {
          const remedy = "start it, or set DATABASE_URL";
          throw new Outage(EXIT.unavailable, `${error.message}; ${remedy}`, { cause: error });
        }
      }
    }
  } catch (error) {
    await database.close();
    throw error;
  }
}
