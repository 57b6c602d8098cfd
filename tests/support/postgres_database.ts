import assert from "node:assert/strict";
import pg from "pg";
import { type DatabaseConnection } from "../../lib/connections.ts";
import { nameKey } from "../../lib/order.ts";
import { openDatabase } from "../../lib/postgres/client/open_database.ts";
import { PostgresStore, type PostgresStoreOptions } from "../../lib/postgres/store/postgres_store.ts";
import { Secret } from "../../lib/secret.ts";
import { withClient } from "../../tools/stack/postgres/database.ts";
import { testServer } from "./postgres.ts";

const TABLES = [
  "users",
  "inventory",
  "orders",
  "rejected",
  "stock_edits",
  "positions",
  "offset_ranges",
  "offset_changes",
];
const SAMPLE = { users: { alice: "paid", bob: "unpaid" }, items: { book: 10, pen: 50 } };

/** Databases with our tables, emptied for the next test: creating one takes longer than most tests. */
const free: { isolation: string; name: string }[] = [];
let areKept = false;

/** Lets the tests of a file reuse databases one after the other; called before the first test is registered. */
export function reuseDatabases(): void {
  areKept = true;
  Deno.test.afterAll(async () => {
    for (const { name } of free.splice(0)) await drop(name, testServer()!);
  });
}

/**
 * A database for one test (`postgresTest`), on the server of the tests, as the role that owns it. It goes when disposed,
 * whoever is still connected. Permissions: net, env TEST_DATABASE_URL.
 */
export class TestDatabase implements AsyncDisposable {
  readonly connection: DatabaseConnection;
  readonly #server: string;
  /** Set where the next test may reuse it. */
  #isolation: string | undefined;
  #client: Promise<pg.Client> | undefined;
  readonly #stores = new Set<PostgresStore>();

  private constructor(database: string, server: string) {
    const { hostname, port, username, password } = new URL(server);
    this.#server = server;
    this.connection = {
      host: hostname,
      port: Number(port || 5432),
      database,
      user: decodeURIComponent(username),
      ...(password === "" ? {} : { password: new Secret(decodeURIComponent(password)) }),
    };
  }

  /** Without tables. `server` is another one than that of the tests. */
  static async empty(server = testServer()!): Promise<TestDatabase> {
    const name = `orders_${crypto.randomUUID().replaceAll("-", "")}`;
    await withClient(server, (admin) => admin.query(`CREATE DATABASE ${name}`));
    return new TestDatabase(name, server);
  }

  /**
   * With our tables, and users and items as the tools would have added them; alice may order, book 10 and pen 50 by
   * default. `isolation` is that of every transaction.
   */
  static async create({ users = SAMPLE.users, items = SAMPLE.items, isolation = "read committed" }: {
    users?: Record<string, string>;
    items?: Record<string, number>;
    isolation?: "read committed" | "serializable";
  } = {}): Promise<TestDatabase> {
    const index = free.findIndex((known) => known.isolation === isolation);
    const test = index < 0
      ? await TestDatabase.empty()
      : new TestDatabase(free.splice(index, 1)[0].name, testServer()!);
    if (areKept) test.#isolation = isolation;
    if (index < 0) {
      await test.sql(`ALTER DATABASE ${test.connection.database} SET default_transaction_isolation = '${isolation}'`);
      await (await openDatabase(test.connection)).close();
    }
    await test.reset({ users, items });
    return test;
  }

  /** As the setting of a command. */
  get url(): string {
    const { host, port, database, user, password } = this.connection;
    const login = [user, ...(password === undefined ? [] : [password.reveal()])].map(encodeURIComponent).join(":");
    return `postgres://${login}@${host}:${port}/${database}`;
  }

  /** Empties the tables, and fills them as `create` does. */
  async reset(
    { users, items }: { users: Record<string, string>; items: Record<string, number> } = SAMPLE,
  ): Promise<void> {
    await this.#clear();
    const pairs = [Object.keys(users).map(nameKey), Object.values(users)];
    await this.sql("INSERT INTO users SELECT * FROM unnest($1::text[], $2::text[])", pairs);
    for (const [item, quantity] of Object.entries(items)) await this.setStock(item, quantity);
  }

  async #clear(): Promise<void> {
    await this.sql(TABLES.map((table) => `DELETE FROM ${table}`).join(";"));
  }

  async open(options: PostgresStoreOptions = {}): Promise<PostgresStore> {
    const store = await PostgresStore.open(this.connection, options);
    this.#stores.add(store);
    return store;
  }

  async close(store: PostgresStore): Promise<void> {
    this.#stores.delete(store);
    await store.close();
  }

  /** On one connection, and on another one after the server was down. A bigint comes as a number. */
  async sql<R>(text: string, values: unknown[] = []): Promise<R[]> {
    const number = { getTypeParser: (oid: number) => oid === 20 ? Number : pg.types.getTypeParser(oid) };
    const client = await (this.#client ??= this.#connect());
    return (await client.query({ text, values, types: number as pg.CustomTypesConfig })).rows;
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({ ...this.connection, password: this.connection.password?.reveal() });
    client.on("error", () => this.#client = undefined);
    await client.connect();
    return client;
  }

  /** What `deno task user` does to one user. */
  async setUser(user: string, status: string): Promise<void> {
    const upsert = "INSERT INTO users VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET status = $2";
    await this.sql(upsert, [nameKey(user), status]);
  }

  /** What `deno task inventory` does to one item. */
  async setStock(item: string, quantity: number): Promise<void> {
    const key = nameKey(item);
    await this.sql("BEGIN ISOLATION LEVEL READ COMMITTED");
    const [row] = await this.sql<{ quantity: number }>("SELECT quantity FROM inventory WHERE item = $1 FOR UPDATE", [
      key,
    ]);
    const upsert = "INSERT INTO inventory VALUES ($1, $2) ON CONFLICT (item) DO UPDATE SET quantity = $2";
    await this.sql(upsert, [key, quantity]);
    await this.sql("INSERT INTO stock_edits VALUES ($1, $2, $3, $4, 'tool', now())", [
      crypto.randomUUID(),
      key,
      quantity,
      row?.quantity ?? null,
    ]);
    await this.sql("COMMIT");
  }

  async stock(): Promise<Record<string, number>> {
    const rows = await this.sql<{ item: string; quantity: number }>("SELECT item, quantity FROM inventory");
    return Object.fromEntries(rows.map(({ item, quantity }) => [item, quantity]));
  }

  /** Accepted order_ids, oldest first. */
  async accepted(): Promise<string[]> {
    const rows = await this.sql<{ order_id: string }>(
      `SELECT order_id FROM orders ORDER BY accepted_at, topic, partition, "offset"`,
    );
    return rows.map(({ order_id }) => order_id);
  }

  /** All that the store keeps, except what differs each time. */
  async contents(): Promise<Record<string, unknown[]>> {
    const queries = {
      users: "SELECT * FROM users ORDER BY name",
      stock: "SELECT * FROM inventory ORDER BY item",
      orders: `SELECT order_id, topic, partition, "offset", remaining, replay_of FROM orders ORDER BY order_id`,
      rejected: `SELECT topic, partition, "offset", order_id, reason, status, stock FROM rejected ORDER BY 1, 2, 3`,
      positions: "SELECT topic, partition, topic_id, position FROM positions ORDER BY 1, 2",
      ranges: "SELECT * FROM offset_ranges ORDER BY topic, partition, from_offset",
    };
    const rows: Record<string, unknown[]> = {};
    for (const [name, query] of Object.entries(queries)) rows[name] = await this.sql(query);
    return rows;
  }

  /** Offset ranges that were read of a partition, in order. */
  async ranges(partition: number): Promise<[number, number][]> {
    const rows = await this.sql<{ from_offset: number; to_offset: number }>(
      "SELECT from_offset, to_offset FROM offset_ranges WHERE partition = $1 ORDER BY from_offset",
      [partition],
    );
    return rows.map(({ from_offset, to_offset }) => [from_offset, to_offset]);
  }

  /**
   * Asserts for each item opening + edits - accepted = stock, and that a partition's ranges neither overlap nor touch.
   * Returns the stock.
   */
  async requireBalance(): Promise<Record<string, number>> {
    const expected = new Map<string, number>();
    const add = (item: string, pieces: number) =>
      expected.set(nameKey(item), (expected.get(nameKey(item)) ?? 0) + pieces);
    const edits =
      "SELECT item, sum(coalesce(set_to, 0) - coalesce(was, 0))::bigint AS pieces FROM stock_edits GROUP BY item";
    const orders = "SELECT item, -sum(quantity)::bigint AS pieces FROM orders GROUP BY item";
    for (const sums of [edits, orders]) {
      for (const { item, pieces } of await this.sql<{ item: string; pieces: number }>(sums)) add(item, pieces);
    }
    const stock = await this.stock();
    assert.deepEqual(new Map(Object.entries(stock).sort()), new Map([...expected].sort()), "stock does not balance");
    const touching = await this.sql(
      `SELECT * FROM offset_ranges a JOIN offset_ranges b USING (topic, partition)
       WHERE a.from_offset < b.from_offset AND b.from_offset <= a.to_offset`,
    );
    assert.deepEqual(touching, [], "ranges that touch");
    return stock;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of this.#stores) await store.close();
    if (this.#isolation !== undefined) await this.#clear();
    await (await this.#client)?.end();
    const { database } = this.connection;
    if (this.#isolation === undefined) await drop(database, this.#server);
    else free.push({ isolation: this.#isolation, name: database });
  }
}

async function drop(database: string, server: string): Promise<void> {
  await withClient(server, (admin) => admin.query(`DROP DATABASE ${database} WITH (FORCE)`));
}
