import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { OrderDecoder } from "../../lib/avro/order_codec.ts";
import { writerSchemas } from "../../lib/avro/schema_registry.ts";
import { EXIT } from "../../lib/errors.ts";
import { replayIds } from "../../lib/replay_ids.ts";
import { valueSubject } from "../../lib/topics.ts";
import { eventually, ownWorld, startTask, task } from "../support/commands.ts";
import { readTopic, testRegistry } from "../support/kafka.ts";
import { sealLine } from "../support/seal_line.ts";

const RUN = "11111111-2222-4333-8444-555555555555";
/** When the logged orders were created, long before any replay. */
const CREATED_AT = 1_763_949_000_000;

interface Logged {
  id: string;
  replayOf?: string;
}

/** Writes an order log of these orders, all of one item, and so of one partition. */
function writeLog(storage: string, orders: readonly Logged[]): void {
  const lines = orders.map(({ id, replayOf }, index) =>
    sealLine({
      order_id: id,
      user: "alice",
      item: "book",
      quantity: 2,
      created_at: CREATED_AT,
      seq: index + 1,
      batch: index + 1,
      topic: "orders",
      partition: 0,
      offset: index,
      remaining: 100 - 2 * index,
      ...(replayOf === undefined ? {} : { replay_of: replayOf }),
    })
  );
  Deno.writeTextFileSync(`${storage}/orders.jsonl`, lines.join(""));
}

async function sentTo(topic: string) {
  const messages = await readTopic(topic);
  const decoder = new OrderDecoder(writerSchemas(testRegistry(), valueSubject(topic)));
  await decoder.prepare(messages.map(({ value }) => value as Buffer));
  return messages.map(({ value, headers, key }) => {
    const decoded = decoder.decode(value as Buffer, 0);
    assert.ok("order" in decoded);
    return { ...decoded.order, key, replay_of: headers.replay_of };
  });
}

Deno.test("replay places the logged orders anew, under ids made of the run and the old ones", async () => {
  using world = ownWorld();
  writeLog(world.storage, [{ id: "a" }, { id: "b" }]);
  const startedAt = Date.now();
  const { code, stdout, stderr } = await task("replay", ["--run", RUN, "--json"], world.env);
  assert.equal(code, EXIT.ok, stderr);
  const { sent, total, run } = JSON.parse(stdout);
  assert.deepEqual({ sent, total, run }, { sent: 2, total: 2, run: RUN });
  const orders = await sentTo(world.env.ORDERS_TOPIC);
  assert.deepEqual(orders.map(({ order_id }) => order_id), ["a", "b"].map(replayIds(RUN)));
  for (const [index, order] of orders.entries()) {
    const { user, item, quantity, key, replay_of, created_at } = order;
    const same = { user: "alice", item: "book", quantity: 2, key: "book", replay_of: ["a", "b"][index] };
    assert.deepEqual({ user, item, quantity, key, replay_of }, same);
    assert.ok(created_at >= startedAt);
  }
});

Deno.test("replay makes new ids in each run and prints the run", async () => {
  using world = ownWorld();
  writeLog(world.storage, [{ id: "a" }]);
  const runs = [await task("replay", [], world.env), await task("replay", [], world.env)];
  const ids = runs.map(({ stdout }) => /--run (\S+)/.exec(stdout)![1]);
  const orders = await sentTo(world.env.ORDERS_TOPIC);
  assert.deepEqual(orders.map(({ order_id }) => order_id), ids.map((id) => replayIds(id)("a")));
  assert.notEqual(ids[0], ids[1]);
});

Deno.test("replay --same-id keeps ids, times and what an order is a replay of", async () => {
  using world = ownWorld();
  writeLog(world.storage, [{ id: "a" }, { id: "b", replayOf: "a" }]);
  assert.equal((await task("replay", ["--same-id"], world.env)).code, EXIT.ok);
  const orders = await sentTo(world.env.ORDERS_TOPIC);
  const kept = orders.map(({ order_id, created_at, replay_of }) => ({ order_id, created_at, replay_of }));
  assert.deepEqual(kept, [
    { order_id: "a", created_at: CREATED_AT, replay_of: undefined },
    { order_id: "b", created_at: CREATED_AT, replay_of: "a" },
  ]);
});

Deno.test("replay sends replays in the log too and says how many, --originals leaves them out", async () => {
  using world = ownWorld();
  writeLog(world.storage, [{ id: "a" }, { id: "b", replayOf: "a" }, { id: "c" }]);
  const all = await task("replay", ["--dry-run"], world.env);
  assert.match(all.stderr, /Replaying 3 orders .* 1 of them replays themselves/);
  assert.equal(all.stdout.trim().split("\n").length, 3);
  const originals = await task("replay", ["--dry-run", "--originals"], world.env);
  const replayOf = originals.stdout.trim().split("\n").map((line) => JSON.parse(line).replay_of);
  assert.deepEqual(replayOf, ["a", "c"]);
});

Deno.test("replay --run leaves out what that run has placed, as order or as origin", async () => {
  using world = ownWorld();
  writeLog(world.storage, [{ id: "a" }, { id: "b" }, { id: replayIds(RUN)("a"), replayOf: "a" }]);
  const { stdout, stderr } = await task("replay", ["--run", RUN, "--dry-run"], world.env);
  assert.match(stderr, /Replaying 1 order .*1 were placed by this run before/);
  assert.equal(JSON.parse(stdout).replay_of, "b");
});

Deno.test("replay stopped half-way says how to send the rest", async () => {
  using world = ownWorld();
  writeLog(world.storage, Array.from({ length: 1_000 }, (_, index) => ({ id: `o-${index}` })));
  await using running = startTask("replay", ["--delay", "0.05", "--run", RUN, "--originals"], world.env);
  await eventually("four orders in the topic", async () => {
    const messages = await readTopic(world.env.ORDERS_TOPIC).catch(() => []); // the topic may not be there yet
    return messages.length >= 4 || undefined;
  });
  running.signal("SIGINT");
  const { code, stdout } = await running.end;
  assert.equal(code, EXIT.ok);
  const sent = Number(/(\d+) sent in/.exec(stdout)![1]);
  assert.ok(sent >= 4 && sent < 1_000);
  const rest = `STORAGE_DIR=${world.storage} deno task replay --run ${RUN} --originals`;
  assert.ok(stdout.endsWith(`; for the rest: ${rest}\n`), stdout);
  assert.equal((await sentTo(world.env.ORDERS_TOPIC)).length, sent);
});

Deno.test("replay has nothing to do without a log, and no broker to ask", async () => {
  using world = ownWorld();
  const nowhere = { KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:1" };
  const { code, stderr } = await task("replay", [], { ...world.env, ...nowhere });
  assert.deepEqual([code, stderr], [EXIT.ok, `Nothing to replay in ${world.storage}\n`]);
});

Deno.test("replay refuses a missing storage, exit 78, and contradictory flags, exit 64", async () => {
  using world = ownWorld();
  const missing = await task("replay", [], { ...world.env, STORAGE_DIR: `${world.storage}/none` });
  assert.equal(missing.code, EXIT.config);
  assert.match(missing.stderr, /deno task bootstrap/);
  for (const args of [["--same-id", "--run", RUN], ["--run", "mine"], ["--delay", "1", "--rate", "1"]]) {
    assert.equal((await task("replay", args, world.env)).code, EXIT.usage, args.join(" "));
  }
});
