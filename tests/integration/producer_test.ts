import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ValueDecoder } from "../support/value_decoder.ts";
import { writerSchemas } from "../../lib/avro/schema_registry.ts";
import { EXIT } from "../../lib/errors.ts";
import { valueSubject } from "../../lib/topics.ts";
import { CHECKOUT } from "../../tools/stack/folders.ts";
import { eventually, ownWorld, startTask, task } from "../support/commands.ts";
import { readTopic, testRegistry } from "../support/kafka.ts";

/** A topic of its own and a storage with a paid and an unpaid user. */
function world() {
  const own = ownWorld();
  Deno.writeTextFileSync(`${own.storage}/users.csv`, "user,status\nalice,paid\nbob,unpaid\n");
  Deno.writeTextFileSync(`${own.storage}/inventory.csv`, "item,quantity\nbook,10\npen,50\n");
  return { topic: own.env.ORDERS_TOPIC, ...own };
}

/** The messages of `topic`, each decoded as a consumer would. */
async function decoded(topic: string) {
  const messages = await readTopic(topic);
  const decoder = new ValueDecoder(writerSchemas(testRegistry(), valueSubject(topic)));
  await decoder.prepare(messages.map(({ value }) => value as Buffer));
  return messages.map((message) => ({ ...message, ...decoder.decode(message.value as Buffer, 0) }));
}

Deno.test("produce sends what it says, keyed by item, in the wire format of the registered schema", async () => {
  using own = world();
  const startedAt = Date.now();
  const { code, stdout, stderr } = await task("produce", ["--count", "30", "--delay", "0", "--json"], own.env);
  assert.equal(code, EXIT.ok, stderr);
  const summary = JSON.parse(stdout);
  assert.equal(summary.sent, 30);
  assert.ok(summary.seconds > 0 && summary.orders_per_second > 0 && typeof summary.seed === "string");
  const messages = await decoded(own.topic);
  assert.equal(messages.length, 30);
  for (const message of messages) {
    assert.ok("order" in message);
    assert.equal(message.key, message.order.item);
    assert.ok(message.order.created_at >= startedAt && message.order.created_at <= Date.now());
  }
});

Deno.test("produce --mix sends poison and duplicates as such", async () => {
  using own = world();
  const args = ["--count", "300", "--delay", "0", "--mix", "poison=10,duplicate=10", "--key", "user"];
  assert.equal((await task("produce", args, own.env)).code, EXIT.ok);
  const messages = await decoded(own.topic);
  assert.equal(messages.length, 300);
  const poison = messages.filter((message) => "undecodable" in message);
  assert.ok(poison.length > 10 && poison.length < 60, `${poison.length} poisoned`);
  const ids = messages.flatMap((message) => "order" in message ? [message.order.order_id] : []);
  assert.ok(new Set(ids).size < ids.length);
  assert.deepEqual(new Set(messages.map(({ key }) => key)), new Set(["alice"]));
});

Deno.test("produce and replay show the blanks at an edge of a name, as consume does", async () => {
  using own = world();
  Deno.writeTextFileSync(`${own.storage}/users.csv`, "user,status\n alice,paid\n");
  const sent = await task("produce", ["--count", "1", "--delay", "0"], own.env);
  assert.match(sent.stdout, /^[0-9a-f-]{36} {2}" alice" orders \d \w+$/m);
  const judged = await task("consume", ["--until-end"], own.env);
  assert.match(judged.stdout, /^accepted {2}[0-9a-f-]{36} {2}" alice" {2}\d \w+ /m);
  const replayed = await task("replay", [], own.env);
  assert.match(replayed.stdout, /^[0-9a-f-]{36} {2}" alice" orders \d \w+ {2}\(replay of/m);
});

Deno.test("produce --rate is no faster than it is told to be", async () => {
  using own = world();
  const { stdout } = await task("produce", ["--count", "101", "--rate", "50", "--json"], own.env);
  const { sent, seconds } = JSON.parse(stdout);
  assert.equal(sent, 101);
  assert.ok(seconds > 1.95, `${seconds} s for 100 waits of 20 ms`);
});

Deno.test("produce --count 0 goes on until SIGINT, and what it counts is in the topic", async () => {
  using own = world();
  await using running = startTask("produce", ["--count", "0", "--delay", "0", "--json"], own.env);
  await eventually("orders in the topic", async () => {
    const messages = await readTopic(own.topic).catch(() => []); // the topic may not be there yet
    return messages.length > 0 ? messages : undefined;
  });
  running.signal("SIGINT");
  const { code, stdout } = await running.end;
  assert.equal(code, EXIT.ok);
  assert.equal((await readTopic(own.topic)).length, JSON.parse(stdout).sent);
});

Deno.test("produce refuses an order that the topic does not take, with its size and the limit", async () => {
  using own = world();
  Deno.writeTextFileSync(`${own.storage}/users.csv`, `user,status\n${"x".repeat(1_100_000)},paid\n`);
  const { code, stderr } = await task("produce", ["--count", "1"], own.env);
  assert.equal(code, EXIT.usage);
  assert.match(
    stderr,
    /^error: Cannot send an order of 11000\d\d bytes: topic \S+ takes 1048588 \(max\.message\.bytes\)\n$/m,
  );
});

Deno.test("produce --json tells how long acknowledgements took and how orders are spread over the partitions", async () => {
  using own = world();
  const args = ["--count", "31", "--burst", "10/0.05", "--jitter", "0.5", "--key", "none", "--json"];
  const { code, stdout, stderr } = await task("produce", args, own.env);
  assert.equal(code, EXIT.ok, stderr);
  const { acknowledged_ms: { p50, p95, p99, max }, partitions } = JSON.parse(stdout);
  assert.ok(0 < p50 && p50 <= p95 && p95 <= p99 && p99 <= max, stdout);
  const there = Map.groupBy(await readTopic(own.topic), ({ partition }) => partition);
  const counted = [...there].map(([partition, some]) => ({ partition, sent: some.length }));
  assert.deepEqual(partitions, counted.sort((one, other) => one.partition - other.partition));
});

Deno.test("produce tells a person the same below the summary", async () => {
  using own = world();
  const { stdout } = await task("produce", ["--count", "3", "--delay", "0", "--key", "none"], own.env);
  const [acknowledged, spread] = stdout.trimEnd().split("\n").slice(-2);
  assert.match(acknowledged, /^acknowledged within [\d.]+ ms \(p50\), .* \(p95\), .* \(p99\), [\d.]+ ms \(max\)$/);
  assert.match(spread, /^partition \d: \d(, partition \d: \d)*$/);
});

Deno.test("produce --schema sends with a newer schema, which consume accepts, and the log keeps our fields", async () => {
  using own = world();
  Deno.writeTextFileSync(`${own.storage}/inventory.csv`, "item,quantity\nbook,1000\n");
  const args = ["--count", "4", "--delay", "0", "--mix", "unpaid=0", "--schema", "schemas/order_v2.avsc"];
  const { code, stderr } = await task("produce", args, own.env);
  assert.equal(code, EXIT.ok, stderr);
  await task("produce", ["--count", "2", "--delay", "0", "--mix", "unpaid=0"], own.env);
  const ids = new Set((await readTopic(own.topic)).map(({ value }) => Buffer.from(value!).readInt32BE(1)));
  assert.equal(ids.size, 2, "two schemas");
  const consumed = await task("consume", ["--until-end"], own.env);
  assert.match(consumed.stdout, /^6 orders: 6 accepted/m, consumed.stderr);
  const preview = await task("produce", [...args, "--dry-run"], own.env);
  const { order_id: _, user: _u, item: _i, quantity: _q, created_at: _c, kind: _k, ...more } = JSON.parse(
    preview.stdout.split("\n")[0],
  );
  assert.deepEqual(more, { note: "", priority: null });
});

Deno.test("produce --schema sends nothing with a schema that the registry does not take, and names what is wrong", async () => {
  using own = world();
  const file = `schemas/test-${crypto.randomUUID()}.avsc`;
  const text = Deno.readTextFileSync(`${CHECKOUT}/schemas/order_v2.avsc`);
  Deno.writeTextFileSync(`${CHECKOUT}/${file}`, text.replace(', "default": ""', ""));
  try {
    const { code, stdout, stderr } = await task("produce", ["--count", "1", "--schema", file], own.env);
    assert.deepEqual([code, stdout], [EXIT.config, ""]);
    assert.match(
      stderr,
      /^error: The Schema Registry rejects schemas\/test-.*"note" \(string\) is not there and has no def/,
    );
    assert.match(stderr, /; give each new field a default\n$/);
    await assert.rejects(readTopic(own.topic), "not even the topic is there");
  } finally {
    Deno.removeSync(`${CHECKOUT}/${file}`);
  }
});

Deno.test("produce --schema refuses a file that is not there or that the task may not read, exit 78", async () => {
  using own = world();
  for (
    const [file, why] of [["schemas/none.avsc", "there is no such file"], ["/etc/hostname", "may read the folder"]]
  ) {
    const { code, stderr } = await task("produce", ["--dry-run", "--schema", file], own.env);
    assert.equal(code, EXIT.config);
    assert.match(stderr, new RegExp(`^error: Cannot read the schema ${file}: [^\\n]*${why}[^\\n]*\\(--schema\\)\\n$`));
  }
});
