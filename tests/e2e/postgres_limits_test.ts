import assert from "node:assert/strict";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { withAdmin } from "../../lib/kafka/client/disconnect.ts";
import { eventually, type Finished, ownWorld, startTask, task } from "../support/commands.ts";
import { testKafka } from "../support/kafka.ts";
import { postgresTest } from "../support/postgres.ts";
import { TestDatabase } from "../support/postgres_database.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";

// What a consumer on a database counts, and how much it does at once.

/** Attempts to connect after which the store has given a transaction up, and the consumer has begun anew. */
const BEYOND_THE_RETRIES = 25;

/** A database with the sample users and items, and a topic of one partition with so many orders of a pen. */
async function worldOf(orders: number) {
  const world = ownWorld();
  const database = await TestDatabase.empty();
  const env: Record<string, string> = { ...world.env, DATABASE_URL: database.url };
  await withAdmin(createKafka(testKafka()), (admin) => admin.createTopics({ topics: [{ topic: env.ORDERS_TOPIC }] }));
  await ok("bootstrap", [], env);
  await ok("produce", ["--count", `${orders}`, "--delay", "0"], env);
  return {
    env,
    database,
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      world[Symbol.dispose]();
    },
  };
}

async function ok(name: string, args: string[], env: Record<string, string>): Promise<string> {
  const { code, stdout, stderr } = await task(name, args, env);
  assert.equal(code, 0, `deno task ${name} ${args.join(" ")}: ${stderr}`);
  return stdout;
}

postgresTest(
  "consume counts orders whose COMMIT got no answer before a long outage, also for --max-messages",
  async () => {
    await using world = await worldOf(10);
    const url = new URL(world.database.url);
    await using link = await TcpProxy.atFreePort({ host: url.hostname, port: Number(url.port) });
    url.port = String(link.port);
    let attempts = 0;
    link.tap = (data) => {
      if (data.includes("COMMIT")) link.setMood("unheard");
      if (data.includes("database\0")) attempts++;
    };
    await using consumer = startTask("consume", ["--max-messages", "10"], { ...world.env, DATABASE_URL: url.href });
    await eventually("it gives up and begins anew", () => attempts > BEYOND_THE_RETRIES);
    link.tap = () => {};
    link.setMood("well");
    let end: Finished | undefined;
    void consumer.end.then((finished) => end = finished);
    const { code, stdout, stderr } = await eventually("it ends", () => end);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^10 orders: /m);
    await ok("verify", [], world.env);
  },
);

postgresTest("consume --batch-size puts so many records into each transaction", async () => {
  await using world = await worldOf(10);
  await ok("consume", ["--until-end", "--batch-size", "4"], world.env);
  const transactions = await world.database.sql<{ records: number }>(
    `SELECT count(*) AS records FROM (SELECT accepted_at AS at FROM orders UNION ALL SELECT rejected_at FROM rejected)
     AS judged GROUP BY at ORDER BY records`,
  );
  assert.deepEqual(transactions.map(({ records }) => records), [2, 4, 4]);
});

postgresTest("consume refuses a --batch-size for a storage folder, and one out of range, with 64", async () => {
  using world = ownWorld();
  const wrong = await task("consume", ["--batch-size", "10"], world.env);
  assert.deepEqual([wrong.code, wrong.stderr], [64, "error: --batch-size goes with a database (DATABASE_URL)\n"]);
  for (const size of ["0", "5001", "ten"]) {
    const { code, stderr } = await task("consume", ["--batch-size", size], {
      ...world.env,
      DATABASE_URL: "postgres://x@localhost/x",
    });
    assert.equal(code, 64, stderr);
    assert.match(stderr, /^error: .*--batch-size.*\n$/);
  }
});

postgresTest("consume and produce end with 78 and name bootstrap on a database without users and items", async () => {
  using world = ownWorld();
  await using database = await TestDatabase.empty();
  const env = { ...world.env, DATABASE_URL: database.url };
  for (const [name, ...args] of [["consume", "--until-end"], ["produce", "--count", "1"], ["produce", "--dry-run"]]) {
    const { code, stderr } = await task(name, args, env);
    assert.equal(code, 78, stderr);
    assert.match(stderr, /^error: PostgreSQL at \S+ holds no users and no items: run deno task bootstrap\n$/);
  }
});
