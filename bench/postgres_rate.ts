import type { DatabaseConnection } from "../lib/connections.ts";
import { judgeBatch } from "../lib/judge_batch.ts";
import type { ReceivedOrder } from "../lib/order.ts";
import type { OrderBatch } from "../lib/ports.ts";
import { Database } from "../lib/postgres/client/database.ts";
import { openDatabase } from "../lib/postgres/client/open_database.ts";
import { PostgresStore } from "../lib/postgres/store/postgres_store.ts";

const TOPIC = "made";
const USERS = ["alice", "carol", "dave"];
const ITEMS = ["book", "pen", "notebook"];

export interface PostgresRate {
  /** Orders per second that the store judges and makes durable. */
  ours: number;
  /** Rows per second of the same that one statement per batch inserts into a table like `orders`, deciding nothing. */
  peer: number;
}

/**
 * The rate of one store against that of a bare insert, their batches alternating. Empties the tables first.
 * Permission: net.
 */
export async function measurePostgres(
  connection: DatabaseConnection,
  { orders, batchSize }: { orders: number; batchSize: number },
): Promise<PostgresRate> {
  const bare = await openDatabase(connection);
  await prepare(bare);
  const store = await PostgresStore.open(connection, { maxOrders: batchSize });
  const spent = { ours: 0, peer: 0 };
  try {
    for (let from = 0; from < orders; from += batchSize) {
      const batch = makeBatch(from, Math.min(batchSize, orders - from));
      spent.ours += await timed(async () => {
        const verdicts = await store.process(batch, (view) => judgeBatch(batch.orders, view));
        if (verdicts.some(({ kind }) => kind !== "accepted")) throw new Error("an order was not accepted");
      });
      spent.peer += await timed(() => insertBare(bare, batch));
    }
  } finally {
    await store.close();
    await bare.close();
  }
  return { ours: orders / spent.ours, peer: orders / spent.peer };
}

async function prepare(database: Database): Promise<void> {
  await database.query("DROP TABLE IF EXISTS bare_orders");
  await database.query("CREATE TABLE bare_orders (LIKE orders INCLUDING ALL)");
  for (const table of ["orders", "rejected", "positions", "offset_ranges", "users", "inventory", "stock_edits"]) {
    await database.query(`TRUNCATE ${table}`);
  }
  await database.query("INSERT INTO users SELECT name, 'paid' FROM unnest($1::text[]) AS made (name)", [USERS]);
  await database.query("INSERT INTO inventory SELECT item, 1e12 FROM unnest($1::text[]) AS made (item)", [ITEMS]);
}

function makeBatch(from: number, size: number): OrderBatch {
  const orders = Array.from({ length: size }, (_, index): ReceivedOrder => ({
    order: {
      order_id: crypto.randomUUID(),
      user: USERS[index % USERS.length],
      item: ITEMS[(index >> 2) % ITEMS.length],
      quantity: 1 + index % 3,
      created_at: Date.now(),
    },
    at: { topic: TOPIC, partition: 0, offset: from + index },
  }));
  return { topic: TOPIC, partition: 0, from, to: from + size, orders, deadLetters: [] };
}

async function insertBare(database: Database, { topic, partition, orders }: OrderBatch): Promise<void> {
  await database.query(
    `INSERT INTO bare_orders (topic, partition, accepted_at,
       order_id, user_name, item, quantity, created_at, "offset", remaining, replay_of)
     SELECT $1, $2, now(), given.*
     FROM unnest($3::text[], $4::text[], $5::text[], $6::int[], $7::bigint[], $8::bigint[], $9::bigint[], $10::text[])
       AS given`,
    [
      topic,
      partition,
      orders.map(({ order }) => order.order_id),
      orders.map(({ order }) => order.user),
      orders.map(({ order }) => order.item),
      orders.map(({ order }) => order.quantity),
      orders.map(({ order }) => order.created_at),
      orders.map(({ at }) => at.offset),
      orders.map(() => 0),
      orders.map(() => null),
    ],
  );
}

/** Seconds. */
async function timed(work: () => Promise<void>): Promise<number> {
  const since = performance.now();
  await work();
  return (performance.now() - since) / 1_000;
}
