import assert from "node:assert/strict";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { withAdmin } from "../../lib/kafka/client/disconnect.ts";
import { acceptedIn, eventually, ownWorld, startTask, task } from "../support/commands.ts";
import { testKafka } from "../support/kafka.ts";
import { postgresTest, withPostgres } from "../support/postgres.ts";
import { TestDatabase } from "../support/postgres_database.ts";

type Env = Record<string, string>;

/** A database, a topic of so many partitions and a group for one test, with the sample users and items. */
async function databaseWorld({ partitions = 3 } = {}) {
  const world = ownWorld();
  const database = await TestDatabase.empty();
  const env: Env = { ...world.env, DATABASE_URL: database.url };
  const topics = [{ topic: env.ORDERS_TOPIC, numPartitions: partitions }];
  await withAdmin(createKafka(testKafka()), (admin) => admin.createTopics({ topics }));
  await ok("bootstrap", [], env);
  return {
    env,
    database,
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      world[Symbol.dispose]();
    },
  };
}

async function ok(name: string, args: string[], env: Env): Promise<string> {
  const { code, stdout, stderr } = await task(name, args, env);
  assert.equal(code, 0, `deno task ${name} ${args.join(" ")}: ${stderr}`);
  return stdout + stderr;
}

/** Resolves once the group has settled with so many members. */
async function members({ CONSUMER_GROUP_ID: group }: Env, count: number): Promise<void> {
  await withAdmin(createKafka(testKafka()), (admin) =>
    eventually(`the group has ${count} members`, async () => {
      const { groups: [{ members, state }] } = await admin.describeGroups([group]);
      return members.length === count && state === (count === 0 ? "Empty" : "Stable");
    }));
}

/** Each item with its quantity, sorted. */
async function stock(env: Env): Promise<string[]> {
  return (await ok("inventory", ["show"], env)).split("\n").map((row) => row.replace(/ +/, " ")).sort();
}

/** Records that have a verdict. */
async function judgedIn(database: TestDatabase): Promise<number> {
  const [{ judged }] = await database.sql<{ judged: number }>(
    "SELECT coalesce(sum(position), 0)::bigint AS judged FROM positions",
  );
  return judged;
}

/** The order, the user and the verdict of each line that a consumer prints, sorted. */
function verdictLines(said: string): string[] {
  return said.split("\n").filter((line) => /^(accepted|rejected) /.test(line)).sort();
}

postgresTest("the walk-through ends on a database as in a folder, line by line", async () => {
  await using world = await databaseWorld();
  using folder = ownWorld();
  const { env } = world;
  // The same records for both: each store has a group of its own.
  const fileEnv: Env = { ...folder.env, ORDERS_TOPIC: env.ORDERS_TOPIC };
  await ok("bootstrap", [], fileEnv);
  const both = async (name: string, args: string[]) =>
    [await ok(name, args, env), await ok(name, args, fileEnv)] as const;
  const same = async (name: string, args: string[]) => {
    const [database, files] = await both(name, args);
    assert.deepEqual(verdictLines(database), verdictLines(files), `${name} ${args}`);
  };
  await ok("produce", ["--count", "30", "--delay", "0", "--seed", "walk"], env);
  await same("consume", ["consume", "--until-end", "--verbose"]);
  await both("user", ["update", "--user", "bob", "--status", "paid"]);
  await both("inventory", ["add", "--item", "laptop", "--quantity", "5"]);
  await same("consume", ["--reset", "--reset-to", "earliest", "--until-end", "--verbose"]);
  await ok("produce", ["--count", "20", "--delay", "0", "--seed", "again"], env);
  await same("consume", ["--until-end", "--verbose"]);
  assert.deepEqual(await stock(env), await stock(fileEnv));
  assert.equal((await world.database.accepted()).length, acceptedIn(folder.storage).length);
  await ok("replay", ["--delay", "0"], env);
  await same("consume", ["--until-end", "--verbose"]);
  await ok("verify", [], env);
  await ok("verify", [], fileEnv);
});

postgresTest("2,000 mixed orders come to the same ids and stock on a database as in a folder", async () => {
  await using world = await databaseWorld({ partitions: 12 });
  using folder = ownWorld();
  const fileEnv: Env = { ...folder.env, ORDERS_TOPIC: world.env.ORDERS_TOPIC };
  await ok("bootstrap", [], fileEnv);
  for (const env of [world.env, fileEnv]) {
    await ok("inventory", ["update", "--item", "pen", "--quantity", "900"], env);
    await ok("inventory", ["add", "--item", "laptop", "--quantity", "5000"], env);
  }
  const mix = "unpaid=10,unknown-user=5,unknown-item=5,no-stock=2,duplicate=5,poison=2";
  await ok("produce", ["--count", "2000", "--delay", "0", "--seed", "mixed", "--mix", mix], world.env);
  const members = [0, 1].map(() => task("consume", ["--until-end"], world.env));
  for (const { code, stderr } of await Promise.all(members)) assert.equal(code, 0, stderr);
  await ok("consume", ["--until-end"], fileEnv);
  assert.deepEqual((await world.database.accepted()).sort(), acceptedIn(folder.storage).sort());
  assert.deepEqual(await stock(world.env), await stock(fileEnv));
  await ok("verify", [], world.env);
});

postgresTest(
  "two consumers share the partitions, one that is killed is taken over, one that stops leaves at once",
  async () => {
    await using world = await databaseWorld({ partitions: 4 });
    const { env } = world;
    await using first = startTask("consume", [], env);
    await members(env, 1);
    await using second = startTask("consume", [], env);
    await members(env, 2);
    await ok("produce", ["--count", "200", "--delay", "0"], env);
    second.signal("SIGKILL");
    await members(env, 1);
    await ok("produce", ["--count", "200", "--delay", "0"], env);
    await eventually("all are judged", async () => await judgedIn(world.database) === 400);
    await using third = startTask("consume", [], env);
    await members(env, 2);
    first.signal("SIGTERM");
    const { code, stdout } = await first.end;
    assert.equal(code, 0);
    assert.match(stdout, /^joined as 1 of 1: partitions 0, 1, 2, 3$/m);
    assert.match(stdout, /^joined as [12] of 2: partitions \d, \d$/m);
    third.signal("SIGTERM");
    assert.equal((await third.end).code, 0);
    await withAdmin(createKafka(testKafka()), async (admin) => {
      const { groups: [{ state }] } = await admin.describeGroups([env.CONSUMER_GROUP_ID]);
      assert.equal(state, "Empty", "who ends has left");
    });
    await ok("verify", [], env);
  },
);

postgresTest("consume --max-messages judges exactly so many on a database", async () => {
  await using world = await databaseWorld();
  await ok("produce", ["--count", "10", "--delay", "0"], world.env);
  assert.match(await ok("consume", ["--max-messages", "4"], world.env), /^4 orders: /m);
  assert.match(await ok("consume", ["--until-end"], world.env), /^6 orders: /m);
});

postgresTest(
  "consume --reset is refused while the group has members, and deducts nothing twice when it has none",
  async () => {
    await using world = await databaseWorld();
    const { env } = world;
    await ok("inventory", ["update", "--item", "pen", "--quantity", "1000"], env);
    await ok("produce", ["--count", "100", "--delay", "0"], env);
    {
      await using consumer = startTask("consume", ["--max-messages", "1000"], env);
      await members(env, 1);
      const refused = await task("consume", ["--reset"], env);
      assert.equal(refused.code, 75);
      assert.match(refused.stderr, /^error: The group .* is active: .*\n$/);
      consumer.signal("SIGTERM");
      await consumer.end;
    }
    await ok("consume", ["--until-end"], env);
    const before = await stock(env);
    assert.match(await ok("consume", ["--reset", "--until-end"], env), /^100 orders: /m);
    assert.deepEqual(await stock(env), before);
  },
);

postgresTest("a consumer in a group of consumers on the other kind of store is refused with 75", async () => {
  await using world = await databaseWorld();
  using folder = ownWorld();
  const fileEnv: Env = { ...world.env, DATABASE_URL: "", STORAGE_DIR: folder.storage };
  await ok("bootstrap", [], fileEnv);
  for (const [inside, outside] of [[world.env, fileEnv], [fileEnv, world.env]]) {
    await using consumer = startTask("consume", [], inside);
    await members(world.env, 1);
    const { code, stderr } = await task("consume", [], outside);
    assert.equal(code, 75, stderr);
    assert.match(
      stderr,
      /^error: The group \S+ (is active|has members of another program, or consumers on another kind of store).*\n$/,
    );
    consumer.signal("SIGTERM");
    await consumer.end;
  }
});

postgresTest("a database that is away, unknown or refuses is one line and its exit code", async () => {
  await using world = await databaseWorld();
  const changed = (change: (url: URL) => void): Env => {
    const url = new URL(world.env.DATABASE_URL);
    change(url);
    return { ...world.env, DATABASE_URL: url.href };
  };
  const refused = {
    78: [changed((url) => url.password = "wrong"), changed((url) => url.pathname = "/not-there")],
    69: [changed((url) => url.port = "1")],
  };
  for (const [code, envs] of Object.entries(refused)) {
    for (const env of envs) {
      const end = await task("consume", [], env);
      assert.equal(end.code, Number(code), end.stderr);
      assert.match(end.stderr, /^error: PostgreSQL at .*\n$/);
    }
  }
});

postgresTest("a database that is restarted under load is waited for", async () => {
  await withPostgres(async ({ TEST_DATABASE_URL }, server) => {
    using world = ownWorld();
    await using database = await TestDatabase.empty(TEST_DATABASE_URL);
    const env: Env = { ...world.env, DATABASE_URL: database.url };
    await ok("bootstrap", [], env);
    await ok("produce", ["--count", "2000", "--delay", "0"], env);
    await using consumer = startTask("consume", [], env);
    const judged = () => judgedIn(database);
    await eventually("the first verdicts", async () => await judged() > 0);
    server.kill();
    await new Promise((resolve) => setTimeout(resolve, 6_000)); // longer than conflicts are retried
    await server.start();
    await eventually("all are judged", async () => await judged() >= 2_000);
    consumer.signal("SIGTERM");
    const { code, stderr } = await consumer.end;
    assert.equal(code, 0, stderr);
    await ok("verify", [], env);
  });
});
