import { setTimeout as delay } from "node:timers/promises";
import { Database } from "../lib/postgres/client/database.ts";
import { openDatabase } from "../lib/postgres/client/open_database.ts";
import { connectionTo } from "../tests/support/postgres.ts";
import { withClient } from "../tools/stack/postgres/database.ts";

/** Orders in one transaction of a consumer, and in one insert of its peer. */
export const BATCH = 5_000;

const LOOK_MS = 20;
const SAMPLE_ITEMS = ["book", "pen", "notebook"];
const OPENING = 1_000_000_000;

const COLUMNS = "topic, partition, accepted_at, order_id, user_name, item, quantity, created_at, " +
  `"offset", remaining, replay_of`;

/** The database of a stack, as its owner and as the role that may create others. */
export interface BenchServer {
  url: string;
  superuserUrl: string;
}

/** An empty database for one run on the stack's server; dropped when disposed of, even with clients connected. */
export class BenchDatabase implements AsyncDisposable {
  readonly url: string;
  readonly #server: BenchServer;
  readonly #database: Database;

  private constructor(url: string, server: BenchServer, database: Database) {
    this.url = url;
    this.#server = server;
    this.#database = database;
  }

  /** With the sample users, and unlimited stock of the items that `BenchWorld.storage` has. Permission: net. */
  static async create(server: BenchServer, { items = SAMPLE_ITEMS.length }: { items?: number } = {}) {
    const url = new URL(server.url);
    url.pathname = `bench_${crypto.randomUUID().replaceAll("-", "")}`;
    await withClient(
      server.superuserUrl,
      (client) => client.query(`CREATE DATABASE ${url.pathname.slice(1)} OWNER orders`),
    );
    const database = await openDatabase(connectionTo(url.href));
    await database.query("INSERT INTO users VALUES ('alice', 'paid'), ('bob', 'unpaid'), ('carol', 'paid')");
    const names = items === SAMPLE_ITEMS.length
      ? SAMPLE_ITEMS
      : Array.from({ length: items }, (_, index) => `item-${index}`);
    await database.query("INSERT INTO inventory SELECT item, $2 FROM unnest($1::text[]) AS made (item)", [
      names,
      OPENING,
    ]);
    return new BenchDatabase(url.href, server, database);
  }

  /** Adds so many accepted orders of another topic, by one statement. */
  async fill(orders: number): Promise<void> {
    await withClient(this.url, async (client) => {
      await client.query(
        `INSERT INTO orders (${COLUMNS})
         SELECT 'made', 0, now(), gen_random_uuid()::text, 'alice', 'book', 1, 1795000000000 + n, n, ${OPENING}, NULL
         FROM generate_series(1, $1::int) AS made (n)`,
        [orders],
      );
      await client.query("VACUUM ANALYZE orders"); // as would have happened over the months
    });
    await withClient(this.#server.superuserUrl, (client) => client.query("CHECKPOINT"));
  }

  /** Resolves once so many orders of `topic` are judged, to the orders per second since the first transaction began. */
  async rateOf(topic: string, orders: number, signal: AbortSignal): Promise<number> {
    while (await this.#judged(topic) < orders) await delay(LOOK_MS, undefined, { signal });
    const now = Date.now();
    const [{ first }] = await this.#database.query<{ first: number }>(
      "SELECT (extract(epoch FROM min(accepted_at)) * 1000)::float8 AS first FROM orders WHERE topic = $1",
      [topic],
    );
    return orders / ((now - first) / 1_000);
  }

  /** Rows per second that one connection inserts, of orders like ours into a table like ours, deciding nothing. */
  async bareRate(orders: number): Promise<number> {
    await this.#database.query("DROP TABLE IF EXISTS bare_orders");
    await this.#database.query("CREATE TABLE bare_orders (LIKE orders INCLUDING ALL)");
    let spent = 0;
    for (let done = 0; done < orders; done += BATCH) {
      const rows = madeRows(done, Math.min(BATCH, orders - done));
      const since = performance.now();
      await this.#database.query(
        `INSERT INTO bare_orders (${COLUMNS})
         SELECT 'made', 0, now(), given.* FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::bigint[],
           $6::bigint[], $7::bigint[], $8::text[]) AS given`,
        rows,
      );
      spent += performance.now() - since;
    }
    return orders / (spent / 1_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database.close();
    const { pathname } = new URL(this.url);
    await withClient(
      this.#server.superuserUrl,
      (client) => client.query(`DROP DATABASE ${pathname.slice(1)} WITH (FORCE)`),
    );
  }

  /** Offsets of `topic` begin at 0, and every one is an order. */
  async #judged(topic: string): Promise<number> {
    const [{ judged }] = await this.#database.query<{ judged: number }>(
      "SELECT coalesce(sum(position), 0)::bigint AS judged FROM positions WHERE topic = $1",
      [topic],
    );
    return judged;
  }
}

/** Columns of orders like the samples. */
function madeRows(from: number, count: number): unknown[][] {
  const column = (value: (index: number) => unknown) =>
    Array.from({ length: count }, (_, index) => value(from + index));
  return [
    column(() => crypto.randomUUID()),
    column((index) => index % 2 === 0 ? "alice" : "carol"),
    column((index) => SAMPLE_ITEMS[index % SAMPLE_ITEMS.length]),
    column((index) => 1 + index % 3),
    column(() => Date.now()),
    column((index) => index),
    column((index) => OPENING - index),
    column(() => null),
  ];
}
