import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { OrderDecoder } from "../../lib/avro/order_codec.ts";
import { writerSchemas } from "../../lib/avro/schema_registry.ts";
import { EXIT } from "../../lib/errors.ts";
import { valueSubject } from "../../lib/topics.ts";
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
  const decoder = new OrderDecoder(writerSchemas(testRegistry(), valueSubject(topic)));
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
