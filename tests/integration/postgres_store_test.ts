import assert from "node:assert/strict";
import { EXIT, Failure, Outage } from "../../lib/errors.ts";
import { PositionMoved } from "../../lib/ports.ts";
import { openDatabase } from "../../lib/postgres/client/open_database.ts";
import { PostgresStore } from "../../lib/postgres/store/postgres_store.ts";
import { STORE_RIGHTS } from "../../lib/postgres/store/require_rights.ts";
import { Secret } from "../../lib/secret.ts";
import { postgresTest } from "../support/postgres.ts";
import { reuseDatabases, TestDatabase } from "../support/postgres_database.ts";
import { eventually } from "../support/commands.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { restartAt } from "../support/restart_at.ts";
import { batchOf, order, outcomes, partitionOf, process, TOPIC } from "../support/storage.ts";

reuseDatabases();

const id = (order_id: string, given = {}) => order({ order_id, ...given });

async function refusalOf(work: () => Promise<unknown>): Promise<Failure> {
  const error = await work().then(() => assert.fail("nothing was refused"), (error) => error);
  assert.ok(error instanceof Failure, String(error));
  assert.ok(!error.message.includes("\n"));
  return error;
}

postgresTest("PostgresStore refuses a batch that does not begin at the position, and takes nothing of it", async () => {
  await using database = await TestDatabase.create();
  const store = await database.open();
  await process(store, batchOf([id("a"), id("b")]));
  const before = await database.contents();
  for (const from of [0, 1, 3]) {
    await assert.rejects(process(store, batchOf([id("c")], { from })), PositionMoved);
  }
  assert.deepEqual(await database.contents(), before);
  assert.deepEqual(outcomes(await process(store, batchOf([id("c")], { from: 2 }))), ["accepted"]);
});

postgresTest("PostgresStore forgets the position and ranges of an earlier topic of that name", async () => {
  await using database = await TestDatabase.create();
  const store = await database.open();
  await process(store, { ...batchOf([id("a")], { from: 40 }), topicId: "one" });
  assert.equal(await store.resumeAt({ ...partitionOf(0), topicId: "one" }), 41);
  assert.equal(await store.resumeAt({ ...partitionOf(0), topicId: "two" }), undefined);
  await process(store, { ...batchOf([id("b")]), topicId: "two" });
  assert.deepEqual(await database.ranges(0), [[0, 1]]);
  assert.equal(await store.resumeAt(partitionOf(0)), 1); // a broker that gives no topic ids
});

postgresTest("PostgresStore knows the group of a position that an undo took away and a redo brought back", async () => {
  await using database = await TestDatabase.create();
  const store = await database.open();
  for (const position of [7, undefined, 7]) await restartAt(store, partitionOf(0), position);
  assert.deepEqual(await store.offsets.groupsOf(TOPIC), ["group"]);
});

postgresTest("PostgresStore joins ranges that touch or overlap", async () => {
  await using database = await TestDatabase.create();
  const store = await database.open();
  for (const [from, to] of [[0, 2], [10, 12], [4, 6], [2, 4], [5, 11], [12, 12], [20, 21]]) {
    await restartAt(store, partitionOf(0), from);
    await process(store, batchOf([], { from, to }));
  }
  assert.deepEqual(await database.ranges(0), [[0, 12], [20, 21]]);
});

postgresTest(
  "PostgresStore knows a COMMIT without an answer as its own however long the database was away",
  async () => {
    await using database = await TestDatabase.create();
    const { host, port } = database.connection;
    await using link = await TcpProxy.atFreePort({ host, port });
    const store = await PostgresStore.open({ ...database.connection, port: link.port });
    const batch = batchOf([id("a"), id("b", { user: "bob" })]);
    link.tap = (data) => {
      if (data.includes("COMMIT")) link.setMood("unheard");
    };
    const away = await refusalOf(() => process(store, batch)); // when it has tried for long enough
    assert.ok(away instanceof Outage);
    link.tap = () => {};
    link.setMood("well");
    assert.deepEqual(await database.accepted(), ["a"], "that COMMIT took effect");
    assert.deepEqual(outcomes(await process(store, batch)), ["accepted", "unpaid-user"]);
    await assert.rejects(process(store, batchOf([id("a")])), PositionMoved, "another batch is not taken for it");
    await assert.rejects(process(store, batch), PositionMoved, "nor is this one, once its outcome is known");
    await store.close();
  },
);

postgresTest("PostgresStore keeps what PostgreSQL takes for no text, escaped, and names in NFC", async () => {
  await using database = await TestDatabase.create({ users: { ["Zoe\u0308"]: "paid" }, items: { ["cafe\u0301"]: 5 } });
  const store = await database.open();
  const odd = [id("nul\0", { user: "\0" }), id("n\ud800"), id("x".repeat(300_000)), id("q", { quantity: 2 ** 40 })];
  assert.deepEqual(outcomes(await process(store, batchOf(odd))), [
    "invalid-order-id",
    "invalid-order-id",
    "invalid-order-id",
    "invalid-quantity",
  ]);
  const [row] = await database.sql(`SELECT order_id, user_name FROM rejected WHERE "offset" = 0`);
  assert.deepEqual(row, { order_id: "nul\\u0000", user_name: "\\u0000" });
  const named = id("named", { user: "Zo\u00eb", item: "cafe\u0301", created_at: -(2 ** 53) });
  assert.deepEqual(outcomes(await process(store, batchOf([named, named], { from: 4 }))), ["accepted", "duplicate"]);
  await database.requireBalance();
});

/** A role without rights, for this test only; dropped when disposed. */
async function withRole(database: TestDatabase, work: (name: string) => Promise<void>): Promise<void> {
  const name = `role_${crypto.randomUUID().slice(0, 8)}`;
  await database.sql(`CREATE ROLE ${name} LOGIN PASSWORD '${name}'; GRANT ${name} TO CURRENT_USER`);
  try {
    await work(name);
  } finally {
    await database.sql(`DROP OWNED BY ${name}; DROP ROLE ${name}`);
  }
}

postgresTest(
  "PostgresStore works with the rights in docs/SECURITY.md, and names each one that is missing",
  async () => {
    const docs = Deno.readTextFileSync("docs/SECURITY.md");
    const grants = Object.entries(STORE_RIGHTS).map(([table, rights]) => `GRANT ${rights.join(", ")} ON ${table} TO `);
    for (const grant of grants) assert.ok(docs.includes(`${grant}consumer;`), grant);
    await using database = await TestDatabase.create();
    await withRole(database, async (role) => {
      const connection = { ...database.connection, user: role, password: new Secret(role) };
      for (const grant of grants) await database.sql(`${grant}${role}`);
      const store = await PostgresStore.open(connection);
      const orders = [id("a"), id("b", { user: "bob" })];
      assert.deepEqual(outcomes(await process(store, { ...batchOf(orders), topicId: "one" })), [
        "accepted",
        "unpaid-user",
      ]);
      await restartAt(store, { ...partitionOf(0), topicId: "one" }, 0);
      assert.deepEqual(outcomes(await process(store, { ...batchOf(orders), topicId: "two" })), [
        "redelivered",
        "unpaid-user",
      ]);
      for (const [table, rights] of Object.entries(STORE_RIGHTS)) {
        for (const right of rights) {
          await database.sql(`REVOKE ${right} ON ${table} FROM ${role}`);
          const refusal = await refusalOf(() => PostgresStore.open(connection));
          assert.equal(refusal.exit, EXIT.config);
          assert.match(
            refusal.message,
            table === "schema_migrations" ? /denies it to/ : new RegExp(`GRANT ${right} ON ${table} TO`),
          );
          await database.sql(`GRANT ${right} ON ${table} TO ${role}`);
        }
      }
      await database.sql(`REVOKE INSERT ON orders FROM ${role}`);
      const outage = await refusalOf(() => process(store, { ...batchOf([id("c")], { from: 2 }), topicId: "two" }));
      assert.ok(outage instanceof Outage, "a right that is taken away while it runs is waited for");
      await database.sql(`GRANT INSERT ON orders TO ${role}`);
      assert.deepEqual(outcomes(await process(store, { ...batchOf([id("c")], { from: 2 }), topicId: "two" })), [
        "accepted",
      ]);
      await store.close();
    });
  },
);

postgresTest("PostgresStore says that tables are missing to a role that may not create them", async () => {
  await using database = await TestDatabase.empty();
  await withRole(database, async (role) => {
    const { exit, message } = await refusalOf(() =>
      PostgresStore.open({ ...database.connection, user: role, password: new Secret(role) })
    );
    assert.deepEqual([exit, /lacks tables .* deno task bootstrap/.test(message)], [EXIT.config, true], message);
  });
});

postgresTest(
  "PostgresStore refuses a database without users and items, whose every order it would reject",
  async () => {
    await using database = await TestDatabase.create({ users: {}, items: {} });
    const { exit, message } = await refusalOf(() => database.open());
    const place = `${database.connection.host}:${database.connection.port}/${database.connection.database}`;
    assert.equal(message, `PostgreSQL at ${place} holds no users and no items: run deno task bootstrap`);
    assert.equal(exit, EXIT.config);
    await database.setUser("alice", "unpaid");
    await database.open();
  },
);

postgresTest("PostgresStore refuses tables of a newer version", async () => {
  await using database = await TestDatabase.empty();
  await (await openDatabase(database.connection)).close();
  await database.sql("INSERT INTO schema_migrations VALUES (99, now())");
  const { exit, message } = await refusalOf(() => PostgresStore.open(database.connection));
  assert.deepEqual([exit, /version 99, this program knows/.test(message)], [EXIT.config, true], message);
});

postgresTest("openDatabase() makes the tables once where eight start at the same time", async () => {
  await using database = await TestDatabase.empty();
  const start = async () => await (await openDatabase(database.connection)).close();
  await Promise.all(Array.from({ length: 8 }, start));
  assert.equal((await database.sql("SELECT * FROM schema_migrations")).length, 3);
});

postgresTest("Database waits for the disk at each COMMIT, whatever the database is set to", async () => {
  await using database = await TestDatabase.empty();
  await database.sql(`ALTER DATABASE ${database.connection.database} SET synchronous_commit = off`);
  const client = await openDatabase(database.connection);
  assert.deepEqual(await client.query("SHOW synchronous_commit"), [{ synchronous_commit: "on" }]);
  await client.close();
});

postgresTest("PostgresStore names a database that is not there, and one without TLS", async () => {
  await using database = await TestDatabase.create();
  const missing = await refusalOf(() => PostgresStore.open({ ...database.connection, database: "no_such_orders" }));
  assert.match(missing.message, /has no database of that name: create it \(createdb no_such_orders\)/);
  const inTls = await refusalOf(() => PostgresStore.open({ ...database.connection, tls: {} }));
  assert.equal(inTls.exit, EXIT.config);
});

postgresTest("PostgresStore gives up after 10 s where nothing listens, with 69", async () => {
  await using database = await TestDatabase.create();
  const { exit, message } = await refusalOf(() => PostgresStore.open({ ...database.connection, port: 1 }));
  assert.deepEqual([exit, /is away: .+; start it, or set DATABASE_URL/.test(message)], [
    EXIT.unavailable,
    true,
  ], message);
});

postgresTest(
  "PostgresStore gives up a silent database within seconds of a stop, and nothing of the batch",
  async () => {
    await using database = await TestDatabase.create();
    const { host, port } = database.connection;
    await using link = await TcpProxy.atFreePort({ host, port });
    const stop = new AbortController();
    const store = await PostgresStore.open({ ...database.connection, port: link.port }, { stop: stop.signal });
    const before = await database.contents();
    link.tap = () => link.setMood("silent");
    let end: unknown;
    process(store, batchOf([id("a")])).then(() => end = "done", (error) => end = error);
    stop.abort();
    await eventually("it gives up", () => end, 15_000); // a statement would be waited for for 35 s
    assert.ok(end instanceof Outage, String(end));
    await store.close();
    assert.deepEqual(await database.contents(), before);
  },
);
