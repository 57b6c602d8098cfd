import { setTimeout as delay } from "node:timers/promises";
import { EXIT, Failure } from "../../errors.ts";
import tables from "../migrations/0001_tables.sql" with { type: "text" };
import tools from "../migrations/0002_tools.sql" with { type: "text" };
import offsets from "../migrations/0003_offsets.sql" with { type: "text" };
import type { Database, Queries } from "./database.ts";
import { placeOf, sqlState } from "./database_error.ts";

/** In order; the first is version 1. A statement ends at the end of a line, and may be run again. */
const MIGRATIONS: readonly string[] = [tables, tools, offsets];

/** Errors when two processes migrate at once: both make the same tables, so the slower one looks again. */
const RACES: readonly (string | undefined)[] = ["23505", "42P07", "42710", "40001", "40P01", "XX000"];
const MAX_TRIES = 20;
const PAUSE_MS = 100;

/** The schema that unqualified names refer to; each statement is a transaction of its own. */
type Tables = Queries & Pick<Database, "connection">;

/**
 * Brings the tables up to date, if they are not; harmless when several do so at once.
 *
 * Throws a {@linkcode Failure} (78) where they are newer than this program, or where the user may not create them.
 */
export async function migrate(database: Tables): Promise<void> {
  for (let attempt = 1;; attempt++) {
    const version = await schemaVersion(database);
    if (version > MIGRATIONS.length) throw tooNew(database, version);
    if (version === MIGRATIONS.length) return;
    try {
      await migrateFrom(database, version);
    } catch (error) {
      if (sqlState(error) === "42501") throw notAllowed(database, error);
      if (attempt === MAX_TRIES || !RACES.includes(sqlState(error))) throw error;
      await delay(PAUSE_MS * Math.random());
    }
  }
}

/** DDL never shares a transaction: not every engine allows that. The next start completes one that dies here. */
async function migrateFrom(database: Tables, version: number): Promise<void> {
  await database.query(
    "CREATE TABLE IF NOT EXISTS schema_migrations (version int PRIMARY KEY, applied_at timestamptz NOT NULL)",
  );
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < version) continue;
    for (const statement of migration.split(/;\n/).filter((text) => text.trim() !== "")) {
      await database.query(statement);
    }
    await database.query(
      "INSERT INTO schema_migrations (version, applied_at) VALUES ($1, now()) ON CONFLICT (version) DO NOTHING",
      [index + 1],
    );
  }
}

/** The number of the last migration that was run; 0 for an empty database. */
async function schemaVersion(database: Queries): Promise<number> {
  try {
    const [row] = await database.query<{ version: number | null }>(
      "SELECT max(version) AS version FROM schema_migrations",
    );
    return row.version ?? 0;
  } catch (error) {
    if (sqlState(error) === "42P01") return 0; // no such table
    throw error;
  }
}

function tooNew({ connection }: Tables, version: number): Failure {
  return new Failure(
    EXIT.config,
    `The tables in PostgreSQL at ${placeOf(connection)} are of version ${version}, this program knows ` +
      `${MIGRATIONS.length}: take the newer program`,
  );
}

function notAllowed({ connection }: Tables, cause: unknown): Failure {
  return new Failure(
    EXIT.config,
    `PostgreSQL at ${
      placeOf(connection)
    } lacks tables that ${connection.user} may not create: run deno task bootstrap ` +
      `as a user who may, then grant them (docs/SECURITY.md)`,
    { cause },
  );
}
