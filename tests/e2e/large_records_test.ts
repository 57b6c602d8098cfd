import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import { CompressionTypes, type Message } from "kafkajs";
import { registerOrderSchema } from "../../lib/avro/schema_registry.ts";
import { exists as isThere } from "../../lib/files/disk/exists.ts";
import { ensureTopics } from "../../lib/kafka/client/topics_admin.ts";
import { deadLetterTopic, valueSubject } from "../../lib/topics.ts";
import { eventually, ownWorld, startTask, task } from "../support/commands.ts";
import { limitBatches, testKafka, testRegistry } from "../support/kafka.ts";
import { sendRaw, wireOrder } from "../support/raw_records.ts";

const MEBIBYTE = 1 << 20;
/** The ceiling that docs/bad-input.md states for the resident memory of a consumer, whatever the topic holds. */
const CEILING = 512 * MEBIBYTE;
/** Just below the default limit of a broker, the batch around it included. */
const LARGEST = MEBIBYTE - 300;
const HEADERS = 100_000;

const gzip = { compression: CompressionTypes.GZIP };

/** A world with a paid user and stock, and what makes an order of this topic. */
async function world() {
  const own = ownWorld();
  const topic = own.env.ORDERS_TOPIC;
  Deno.writeTextFileSync(join(own.storage, "users.csv"), "user,status\nalice,paid\n");
  Deno.writeTextFileSync(join(own.storage, "inventory.csv"), "item,quantity\nbook,10\n");
  await ensureTopics(testKafka(), topic);
  const schemaId = await registerOrderSchema(testRegistry(), valueSubject(topic));
  const order = (order_id: string, item = "book"): Message => ({
    value: wireOrder(schemaId, { order_id, user: "alice", item, quantity: 1, created_at: 1 }),
  });
  return { ...own, topic, order };
}

Deno.test("consume stops with 65 at a batch that decompresses beyond bounds, and goes on where it is told to", async () => {
  using own = await world();
  const { topic, env, order } = own;
  await sendRaw(topic, [order("before")]);
  await sendRaw(topic, [order("within"), { value: Buffer.alloc(9 * MEBIBYTE) }, order("also within")], gzip);
  await sendRaw(topic, [order("after")]);
  const stopped = await task("consume", ["--until-end"], env);
  assert.equal(stopped.code, 65, stopped.stderr);
  const command = `deno task consume --reset --reset-to 4 --partitions 0`;
  assert.match(
    stopped.stderr,
    new RegExp(`^error: Cannot read the batch of offsets 1 to 3 in partition 0 of ${topic}: .* ${command}\n$`, "m"),
  );
  const accepted = () => Deno.readTextFileSync(join(own.storage, "orders.jsonl")).match(/"order_id":"[^"]*"/g);
  assert.deepEqual(accepted(), ['"order_id":"before"'], "what lies before it is judged");
  const { code, stderr } = await task("consume", [...command.split(" ").slice(3), "--until-end"], env);
  assert.equal(code, 0, stderr);
  assert.deepEqual(accepted(), ['"order_id":"before"', '"order_id":"after"']);
  const verified = await task("verify", [], env);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
});

Deno.test("consume waits while the dead-letter topic does not take a dead letter, says what to do, and goes on then", async () => {
  using own = await world();
  const { topic, env, order, storage } = own;
  const deadLetters = deadLetterTopic(topic);
  await limitBatches(deadLetters, 2_000);
  await sendRaw(topic, [{ value: randomFillSync(Buffer.alloc(5_000)) }, order("behind")]);
  const said = `${storage}.stderr`;
  await using consumer = startTask("consume", ["--until-end"], env, ["sh", "-c", 'exec "$@" 2>"$0"', said]);
  const remedy = `Cannot send to ${deadLetters}: .*; raise max.message.bytes of ${deadLetters}`;
  await eventually("the consumer says what to do", () => isThere(said) && new RegExp(remedy).test(text(said)));
  await limitBatches(deadLetters, 2 * MEBIBYTE);
  const { code, stdout } = await consumer.end;
  Deno.removeSync(said);
  assert.equal(code, 0);
  assert.match(stdout, /^2 orders: 1 accepted, 0 rejected, 1 dead-lettered/m);
});

Deno.test("consume stays below its memory ceiling, whatever the topic holds", async () => {
  using own = await world();
  const { topic, env, order } = own;
  const messages = Number(Deno.env.get("LARGE_RECORDS") ?? 30);
  for (let index = 0; index < messages; index++) {
    // By turns what no order is and an order with a name as long as a record can be.
    const noise = { value: randomFillSync(Buffer.alloc(LARGEST)) };
    await sendRaw(topic, [index % 2 === 0 ? noise : order(`order-${index}`, "\u009b".repeat(LARGEST / 2 - 100))]);
  }
  for (let bombs = messages / 10; bombs > 0; bombs--) {
    await sendRaw(topic, [{ value: Buffer.alloc(8 * MEBIBYTE - 100) }], gzip);
  }
  const headers = Object.fromEntries(Array.from({ length: HEADERS }, (_, index) => [String(index), "x"]));
  await sendRaw(topic, [{ value: Buffer.from("x"), headers }], gzip);
  await sendRaw(topic, [order("last")]);

  await using consumer = startTask("consume", ["--until-end"], env);
  const peak = peakMemory(consumer.pid);
  const { code, stdout, stderr } = await consumer.end;
  assert.equal(code, 0, stderr);
  assert.match(stdout, /1 accepted, \d+ rejected \(\d+ invalid-name\), \d+ dead-lettered/);
  const bytes = await peak;
  console.log(`Resident at most: ${Math.round(bytes / MEBIBYTE)} MiB`);
  assert.ok(bytes > 0 && bytes < CEILING, `${bytes} bytes resident`);
  const verified = await task("verify", [], env);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
});

function text(path: string): string {
  return Deno.readTextFileSync(path);
}

/** The most memory that was resident for a process, in bytes, as the last look before its end found it. */
async function peakMemory(pid: number): Promise<number> {
  const looks = `while grep VmHWM /proc/${pid}/status 2>/dev/null; do sleep 0.05; done`;
  const { stdout } = await new Deno.Command("sh", { args: ["-c", looks], stdin: "null" }).output();
  const found = [...new TextDecoder().decode(stdout).matchAll(/(\d+) kB/g)];
  return Number(found.at(-1)?.[1] ?? 0) * 1024;
}
