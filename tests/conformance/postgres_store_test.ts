import type { OrderStore } from "../../lib/ports.ts";
import type { PostgresStore } from "../../lib/postgres/store/postgres_store.ts";
import { postgresTest } from "../support/postgres.ts";
import { reuseDatabases, TestDatabase } from "../support/postgres_database.ts";
import { orderStoreConformance, type StoreContents, type StoreHarness } from "./order_store.ts";
import { offsetStoreConformance } from "./offset_store.ts";

/** The store in a database of its own. */
class PostgresStoreHarness implements StoreHarness {
  readonly keepsPosition = true;
  readonly #database: TestDatabase;

  constructor(database: TestDatabase) {
    this.#database = database;
  }

  open(): Promise<OrderStore> {
    return this.#database.open();
  }

  async close(store: OrderStore): Promise<void> {
    await this.#database.close(store as PostgresStore);
    await this.#database.requireBalance();
  }

  /** The server ends the connections of a process that was killed. */
  async abandon(): Promise<void> {
    await this.#database.sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
  }

  stock(): Promise<Record<string, number>> {
    return this.#database.stock();
  }

  accepted(): Promise<string[]> {
    return this.#database.accepted();
  }

  async fingerprint(): Promise<string> {
    const tables = ["inventory ORDER BY item", "orders ORDER BY order_id", "users ORDER BY name"];
    const rows = [];
    for (const table of tables) rows.push(await this.#database.sql(`SELECT * FROM ${table}`));
    return JSON.stringify(rows);
  }

  async hasRead(partition: number, offset: number): Promise<boolean> {
    const ranges = await this.#database.ranges(partition);
    return ranges.some(([from, to]) => from <= offset && offset < to);
  }

  setUser(user: string, status: string): Promise<void> {
    return this.#database.setUser(user, status);
  }

  setStock(item: string, quantity: number): Promise<void> {
    return this.#database.setStock(item, quantity);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]();
  }
}

reuseDatabases();

orderStoreConformance("PostgresStore", async (contents: StoreContents) => {
  return new PostgresStoreHarness(await TestDatabase.create(contents));
}, postgresTest);

orderStoreConformance("PostgresStore where every transaction is serializable", async (contents: StoreContents) => {
  return new PostgresStoreHarness(await TestDatabase.create({ ...contents, isolation: "serializable" }));
}, postgresTest);

offsetStoreConformance("PostgresStore", async (contents: StoreContents) => {
  return new PostgresStoreHarness(await TestDatabase.create(contents));
}, postgresTest);
