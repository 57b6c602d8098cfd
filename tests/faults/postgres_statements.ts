import assert from "node:assert/strict";
import { join } from "node:path";
import { PostgresStore } from "../../lib/postgres/store/postgres_store.ts";
import type { OrderBatch } from "../../lib/ports.ts";
import { withoutPostgres } from "../support/postgres.ts";
import { TestDatabase } from "../support/postgres_database.ts";
import { serverError, type Statement, watchStatements } from "../support/statements.ts";
import { restartAt } from "../support/restart_at.ts";
import { batchOf, order, outcomes, process } from "../support/storage.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import type { Fault, FaultOutcome } from "./fault.ts";

/** What may happen instead of a statement or its answer. */
const KINDS = ["40001", "40P01", "cut before", "cut after", "backend ended"] as const;
type Kind = typeof KINDS[number];

const id = (order_id: string, given = {}) => order({ order_id, ...given });

/** Everything that a store does: first and later batches, repeated ids, a reset, a topic created anew. */
async function scenario(store: PostgresStore, database: TestDatabase): Promise<string[][]> {
  const seen: string[][] = [];
  const judge = async (batch: OrderBatch) => {
    const verdicts = await process(store, batch);
    seen.push(outcomes(verdicts));
  };
  const first = { ...batchOf([id("a"), id("b", { user: "bob" }), id("c", { quantity: 2 })]), topicId: "one" };
  const at = { topic: first.topic, topicId: "one", partition: 0 };
  await judge(first);
  await judge({ ...batchOf([id("d"), id("a", { quantity: 99 })], { from: 3 }), topicId: "one" });
  const others = [[id("g"), id("h", { user: "eve" })], [id("c", { item: "pen" }), id("e", { item: "pen" })], [id("i")]];
  for (const [index, orders] of others.entries()) {
    await judge({ ...batchOf(orders, { partition: 1, from: 2 * index }), topicId: "one" });
  }
  await database.setUser("bob", "paid");
  await restartAt(store, at, 0);
  await judge(first);
  seen.push([`${await store.resumeAt(at)}`, `${await store.resumeAt({ ...at, topicId: "two" })}`]);
  await judge({ ...batchOf([id("f"), id("a")]), topicId: "two" });
  return seen;
}

const EXPECTED = [
  ["accepted", "unpaid-user", "accepted"],
  ["accepted", "order-id-conflict"],
  ["accepted", "unknown-user"],
  ["order-id-conflict", "accepted"],
  ["accepted"],
  ["redelivered", "accepted", "redelivered"],
  ["3", "undefined"],
  ["accepted", "duplicate"],
];

/** Runs the scenario with a fault at statement `at`; returns what was left and the number of statements. */
async function runOnce(database: TestDatabase, at: number, kind: Kind) {
  await database.reset();
  const folder = Deno.makeTempDirSync({ prefix: "orders-proxy-" });
  const { host, port } = database.connection;
  await using proxy = await TcpProxy.listen(join(folder, ".s.PGSQL.5432"), { host, port });
  const store = await PostgresStore.open({ ...database.connection, host: folder, port: 5432 });
  let count = 0;
  const around = async ({ text, backend }: Statement, send: (text?: string) => Promise<unknown>) => {
    if (text === "ROLLBACK" || ++count !== at) return await send();
    if (kind === "cut before" || kind === "cut after") {
      proxy.setMood(kind === "cut before" ? "cut" : "unheard");
      return await send().finally(() => proxy.setMood("well"));
    }
    if (kind === "backend ended") {
      await database.sql("SELECT pg_terminate_backend($1)", [backend]);
      return await send();
    }
    await send("ROLLBACK"); // as the server does
    throw serverError(kind);
  };
  try {
    const seen = await watchStatements(around, () => scenario(store, database));
    await database.requireBalance();
    return { seen, contents: await database.contents(), count };
  } finally {
    await store.close();
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Each kind at each statement in turn: verdicts and contents are those of a run without a fault. */
export async function runEveryStatement(): Promise<FaultOutcome> {
  return await runStatements(() => KINDS);
}

async function runStatements(kindsOf: () => readonly Kind[]): Promise<FaultOutcome> {
  const broken: string[] = [];
  await using database = await TestDatabase.create();
  const calm = await runOnce(database, 0, "40001");
  assert.deepEqual(calm.seen, EXPECTED);
  assert.deepEqual([await database.ranges(0), await database.ranges(1)], [[[0, 2]], [[0, 5]]]); // of the later topic
  for (let at = 1; at <= calm.count && broken.length === 0; at++) {
    for (const kind of kindsOf()) {
      try {
        const { seen, contents } = await runOnce(database, at, kind);
        assert.deepEqual({ seen, contents }, { seen: calm.seen, contents: calm.contents });
      } catch (error) {
        broken.push(`${kind} at statement ${at}: ${error instanceof Error ? error.message : error}`);
      }
    }
  }
  return { lost: 0, doubled: 0, unbalanced: 0, recoveryMs: 0, broken };
}

export const everyStatement: Fault = {
  row: 18,
  name: "a conflict, a cut or an ended backend at every statement of the PostgreSQL store, COMMIT included",
  runs: { full: 20, sample: 1 },
  skip: withoutPostgres,
  // One random kind per statement; all of them take a minute.
  run: ({ random }) => runStatements(() => [KINDS[Math.floor(random() * KINDS.length)]]),
};
