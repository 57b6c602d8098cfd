import type { DatabaseConnection } from "../../connections.ts";
import type { Database, Queries } from "../client/database.ts";
import { migrate } from "../client/migrate.ts";

/** The tables of a store, those of the migrations. */
const TABLES = [
  "users",
  "inventory",
  "orders",
  "rejected",
  "stock_edits",
  "positions",
  "offset_ranges",
  "offset_changes",
  "schema_migrations",
];

/** Where a store is built that nobody may see before it is complete. */
const INCOMING = "orders_incoming";
/** The same once it is complete. */
const ARRIVED = "orders_arrived";

/**
 * A store that is built in a schema of its own, in the database of another store, and then takes its place.
 *
 * Until then nobody sees it; after a crash {@linkcode begin} drops what is left and starts again. {@linkcode complete}
 * marks it complete, and {@linkcode takePlace} swaps the two in one transaction. So a running consumer sees the old
 * store or the new one, never a mixture; its position is not in the new one, so it gives its batch up and asks where
 * to continue. Permission beside net: CREATE on the database.
 */
export class IncomingStore implements Queries {
  readonly connection: DatabaseConnection;
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    this.connection = database.connection;
  }

  /** One statement on the tables of the incoming store. */
  async query<R>(text: string, values?: readonly unknown[]): Promise<R[]> {
    return await this.transaction((session) => session.query<R>(text, values));
  }

  async transaction<T>(work: (session: Queries) => Promise<T>): Promise<T> {
    return await this.#database.transaction(async (session) => {
      await session.query(`SET LOCAL search_path TO ${INCOMING}`);
      return await work(session);
    });
  }

  /** Creates the empty tables, with the rights of the existing ones. */
  async begin(): Promise<void> {
    await this.drop();
    await this.#database.query(`CREATE SCHEMA ${INCOMING}`);
    await migrate(this);
    const rights = await this.#database.query<{ grantee: string; table: string; privilege: string }>(
      `SELECT grantee, table_name AS table, privilege_type AS privilege FROM information_schema.role_table_grants
       WHERE table_schema = current_schema() AND table_name = ANY($1) AND grantee <> current_user`,
      [TABLES],
    );
    for (const { grantee, table, privilege } of rights) {
      const role = grantee === "PUBLIC" ? grantee : `"${grantee.replaceAll('"', '""')}"`;
      await this.#database.query(`GRANT ${privilege} ON ${INCOMING}.${table} TO ${role}`);
    }
  }

  /** Drops what there is of it, complete or not. */
  async drop(): Promise<void> {
    for (const schema of [INCOMING, ARRIVED]) await this.#database.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  }

  async complete(): Promise<void> {
    await this.#database.query(`ALTER SCHEMA ${INCOMING} RENAME TO ${ARRIVED}`);
  }

  /** Whether a complete one waits to take its place. */
  async isComplete(): Promise<boolean> {
    const found = await this.#database.query("SELECT FROM pg_namespace WHERE nspname = $1", [ARRIVED]);
    return found.length > 0;
  }

  /**
   * Takes the place of the current store, whose tables go into a schema `backup_TIME`; returns that schema's name.
   * `setAside` sees the old tables, in that schema, when nobody else can change them any more; if it throws, nothing
   * is done, and what it does is done only if all of it is.
   */
  async takePlace(
    setAside: (session: Queries, backup: string) => Promise<void> = async () => {},
  ): Promise<string> {
    return await this.#database.transaction(async (session) => {
      const [{ here }] = await session.query<{ here: string }>("SELECT quote_ident(current_schema()) AS here");
      const backup = await unusedName(session);
      await session.query(`CREATE SCHEMA ${backup}`);
      for (const table of TABLES) await session.query(`ALTER TABLE ${here}.${table} SET SCHEMA ${backup}`);
      await session.query(`SET LOCAL search_path TO ${backup}`);
      await setAside(session, backup);
      for (const table of TABLES) await session.query(`ALTER TABLE ${ARRIVED}.${table} SET SCHEMA ${here}`);
      await session.query(`DROP SCHEMA ${ARRIVED}`);
      return backup;
    });
  }
}

/** A unique name, even the second time within one second. */
async function unusedName(session: Queries): Promise<string> {
  const time = new Date().toISOString().replace(/\.\d+/, "").replaceAll(/[-:]/g, "").toLowerCase();
  for (let again = 1;; again++) {
    const name = `backup_${time}${again === 1 ? "" : `_${again}`}`;
    const found = await session.query("SELECT FROM pg_namespace WHERE nspname = $1", [name]);
    if (found.length === 0) return name;
  }
}
