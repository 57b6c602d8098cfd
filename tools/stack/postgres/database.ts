import { setTimeout as delay } from "node:timers/promises";
// @ts-types="@types/pg"
import pg from "pg";
import { waitUntil } from "../readiness.ts";
import { readDatabasePassword } from "./database_folder.ts";
import { type DatabaseAddress, databaseUrl } from "./database_url.ts";
import { DATABASE, ROLE_NAMES, SUPERUSER } from "./roles.ts";

const ANSWER_MS = 2_000;
const END_MS = 1_000;
/** The server is starting. */
const NOT_YET = "57P03";

/**
 * Waits until the server answers; creates its roles and the orders database if missing.
 *
 * Throws a {@linkcode Failure} (69) after 90 s, and when `stop` aborts. Permissions: net; read of the folder.
 */
export async function provideDatabase(address: DatabaseAddress, stop: AbortSignal): Promise<void> {
  const url = databaseUrl(address, SUPERUSER);
  await waitUntil(() => answers(url), { what: `PostgreSQL at port ${address.port}`, stop });
  await withClient(url, async (client) => {
    // Failed statements would be logged with their passwords.
    await client.query("SET log_min_error_statement = panic");
    for (const role of ROLE_NAMES) {
      const found = await client.query("SELECT FROM pg_roles WHERE rolname = $1", [role]);
      if (found.rowCount === 0) await client.query(`CREATE ROLE ${role} LOGIN`);
      const password = client.escapeLiteral(readDatabasePassword(address.folder, role));
      await client.query(`ALTER ROLE ${role} PASSWORD ${password}`);
    }
    const found = await client.query("SELECT FROM pg_database WHERE datname = $1", [DATABASE]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE} OWNER orders`);
    await client.query(`REVOKE ALL ON DATABASE ${DATABASE} FROM PUBLIC`);
    await client.query(`GRANT CONNECT ON DATABASE ${DATABASE} TO orders_consumer`);
  });
  await withClient(databaseUrl(address, SUPERUSER, DATABASE), async (client) => {
    // On the tables that the owner will create.
    const rights = "ALTER DEFAULT PRIVILEGES FOR ROLE orders IN SCHEMA public GRANT";
    await client.query(`${rights} SELECT, INSERT, UPDATE, DELETE ON TABLES TO orders_consumer`);
    await client.query(`${rights} USAGE ON SEQUENCES TO orders_consumer`);
  });
}

/**
 * Runs `use` with a connection to the database at `url`. Permissions: net; read of the file that `sslrootcert` names.
 */
export async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: ANSWER_MS });
  client.on("error", () => {}); // the next query fails by itself
  try {
    await client.connect();
    return await use(client);
  } finally {
    await endOf(client);
  }
}

/**
 * pg waits for the end of a connection that may have ended already: seen once on Deno, after a denied login over TLS.
 */
async function endOf(client: pg.Client): Promise<void> {
  const patience = new AbortController();
  const late = delay(END_MS, undefined, { signal: patience.signal }).catch(() => {});
  await Promise.race([client.end(), late]);
  patience.abort();
}

async function answers(url: string): Promise<boolean> {
  try {
    await withClient(url, (client) => client.query("SELECT 1"));
    return true;
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ECONNREFUSED" || code === NOT_YET) return false;
    throw error;
  }
}
