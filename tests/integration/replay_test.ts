import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ValueDecoder } from "../support/value_decoder.ts";
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
  user?: string;
  item?: string;
  createdAt?: number;
  replayOf?: string;
}

/** Writes an order log of these orders, all of one item, and so of one partition. */
function writeLog(storage: string, orders: readonly Logged[]): void {
  const lines = orders.map(({ id, replayOf, user = "alice", item = "book", createdAt = CREATED_AT }, index) =>
    sealLine({
      order_id: id,
      user,
      item,
      quantity: 2,
      created_at: createdAt,
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
  const decoder = new ValueDecoder(writerSchemas(testRegistry(), valueSubject(topic)));
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

Deno.test("replay sends the slice that is asked for: by line, time, user, item and number", async () => {
  using world = ownWorld();
  const users = ["alice", "carol", "caf\u00e9", "alice", "carol", "cafe\u0301"];
  writeLog(
    world.storage,
    users.map((user, at) => ({
      id: `o-${at}`,
      user,
      item: at < 3 ? "book" : "pen",
      createdAt: CREATED_AT + at * 60_000,
    })),
  );
  const preview = async (...flags: string[]) => {
    const { stdout, stderr, code } = await task("replay", ["--dry-run", ...flags], world.env);
    assert.equal(code, EXIT.ok, stderr);
    const sent = stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line).replay_of);
    const said = sent.length === 0 ? /^Nothing to replay/ : new RegExp(`^Replaying ${sent.length} order`);
    assert.match(stderr, said, "the number said is the number sent");
    return sent.join(" ");
  };
  const time = (at: number) => new Date(CREATED_AT + at * 60_000).toISOString();
  assert.equal(await preview("--from", "2", "--to", "4"), "o-1 o-2");
  assert.equal(await preview("--since", time(2), "--until", time(4)), "o-2 o-3");
  assert.equal(await preview("--user", "caf\u00e9"), "o-2 o-5", "names are compared in NFC");
  assert.equal(await preview("--item", "pen", "--limit", "2"), "o-3 o-4");
  assert.equal(await preview("--user", "alice", "--from", "2"), "o-3");
  assert.equal(await preview("--user", "nobody"), "");
});

Deno.test("replay --run with a slice counts what it has placed before into its limit, and ends where it began", async () => {
  using world = ownWorld();
  const begun = [{ id: "a" }, { id: "b" }, { id: "c" }, { id: "d" }];
  writeLog(world.storage, begun);
  const flags = ["--run", RUN, "--limit", "3", "--dry-run"];
  const first = await task("replay", flags, world.env);
  const resume = /with (--run .*?)(;|$)/m.exec(first.stderr)![1].split(" ");
  assert.deepEqual(resume, ["--run", RUN, "--to", "5", "--limit", "3"]);
  writeLog(world.storage, [...begun, { id: replayIds(RUN)("b"), replayOf: "b" }, { id: "later" }]);
  const rest = await task("replay", [...resume, "--dry-run"], world.env);
  assert.deepEqual(rest.stdout.trim().split("\n").map((line) => JSON.parse(line).replay_of), ["a", "c"]);
  assert.match(rest.stderr, /^Replaying 2 orders .*; 1 were placed by this run before/);
});

Deno.test("replay --speed keeps the rhythm in which the orders were created, and says how long it takes", async () => {
  using world = ownWorld();
  const gaps = [0, 2_000, 2_000, 3_600_000];
  let createdAt = CREATED_AT;
  writeLog(world.storage, gaps.map((gap, at) => ({ id: `o-${at}`, createdAt: createdAt += gap })));
  const flags = ["--speed", "10", "--max-gap", "1s", "--json"];
  const { code, stdout, stderr } = await task("replay", flags, world.env);
  assert.equal(code, EXIT.ok, stderr);
  assert.match(stderr, /^Replaying 4 orders .* --speed 10 --max-gap 1s; it takes 2 s$/m);
  assert.ok(JSON.parse(stdout).seconds >= 1.4, "200 ms, 200 ms and a second");
  const sent = (await sentTo(world.env.ORDERS_TOPIC)).map(({ created_at }) => created_at);
  const between = sent.slice(1).map((time, index) => time - sent[index]);
  for (const [index, gap] of [200, 200, 1_000].entries()) {
    assert.ok(between[index] >= gap - 20, `created when they were sent: ${between}`);
  }
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
  const rest = `STORAGE_DIR=${world.storage} deno task replay --run ${RUN} --originals --to 1001 --delay 0.05`;
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
  for (
    const args of [
      ["--same-id", "--run", RUN],
      ["--run", "mine"],
      ["--delay", "1", "--rate", "1"],
      ["--speed", "2", "--rate", "1"],
      ["--speed", "0"],
      ["--max-gap", "2s"],
      ["--speed", "2", "--max-gap", "soon"],
      ["--speed", "2", "--dlq"],
      ["--reason", "unpaid-user"],
    ]
  ) {
    assert.equal((await task("replay", args, world.env)).code, EXIT.usage, args.join(" "));
  }
});
