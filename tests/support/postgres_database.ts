import pg from "pg";
import { type DatabaseConnection } from "../../lib/connections.ts";
import { Secret } from "../../lib/secret.ts";

const url = Deno.env.get("TEST_DATABASE_URL");

/** Goes into the name of a test that needs a database, and tells whether it has to be left out. */
export const noDatabase = url === undefined ? " (skipped: TEST_DATABASE_URL names no PostgreSQL)" : "";

/** An empty database of a test's own, on the server of TEST_DATABASE_URL; dropped when disposed. */
export class TestDatabase implements AsyncDisposable {
  readonly name = `orders_${crypto.randomUUID().replaceAll("-", "")}`;
  readonly connection: DatabaseConnection;
  readonly #admin: pg.Client;

  private constructor(admin: pg.Client, { hostname, port, username, password }: URL) {
    this.#admin = admin;
    this.connection = {
      host: hostname,
      port: Number(port || 5432),
      database: this.name,
      user: decodeURIComponent(username),
      ...(password === "" ? {} : { password: new Secret(decodeURIComponent(password)) }),
    };
  }

  static async create(): Promise<TestDatabase> {
    const admin = new pg.Client({ connectionString: url });
    await admin.connect();
    const database = new TestDatabase(admin, new URL(url!));
    // The C locale of names must be ours, not the database's.
    await admin.query(`CREATE DATABASE ${database.name}`);
    return database;
  }

  /** As the superuser, in the database of the server that TEST_DATABASE_URL names: for roles and settings. */
  async administer(sql: string): Promise<void> {
    await this.#admin.query(sql);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#admin.query(`DROP DATABASE ${this.name} WITH (FORCE)`);
    await this.#admin.end();
  }
}
