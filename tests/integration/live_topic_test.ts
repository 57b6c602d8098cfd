import assert from "node:assert/strict";
import { join } from "node:path";
import { encodeOrder } from "../../lib/avro/order_codec.ts";
import { registerOrderSchema } from "../../lib/avro/schema_registry.ts";
import { EXIT } from "../../lib/errors.ts";
import { deadLetterTopic, valueSubject } from "../../lib/topics.ts";
import { seededRandom } from "../faults/fault.ts";
import { endOf, KafkaWorld } from "../faults/kafka_world.ts";
import { eventually, type RunningTask } from "../support/commands.ts";
import { testEnv, testRegistry } from "../support/kafka.ts";
import { sendRaw } from "../support/raw_records.ts";

// What a running consumer says and does when somebody changes the topic under it.

function ownWorld(): Promise<KafkaWorld> {
  return KafkaWorld.create({ seed: 1, random: seededRandom(1), env: testEnv() });
}

/** Orders as messages for one partition. */
async function messages({ topic }: KafkaWorld, partition: number, ids: readonly string[]) {
  const schemaId = await registerOrderSchema(testRegistry(), valueSubject(topic));
  return ids.map((order_id) => {
    const order = { order_id, user: "alice", item: "pen", quantity: 1, created_at: Date.now() };
    return { partition, key: "pen", value: encodeOrder(schemaId, order) };
  });
}

async function sendTo(world: KafkaWorld, partition: number, ids: readonly string[]): Promise<void> {
  await sendRaw(world.topic, await messages(world, partition, ids));
  world.sent.push(...ids);
}

/** What a consumer says on stderr, while it runs. */
function listen({ storage: { folder } }: KafkaWorld): { wrapper: string[]; heard: () => string } {
  const path = join(folder, "said.txt");
  return { wrapper: ["sh", "-c", `exec "$0" "$@" 2>'${path}'`], heard: () => Deno.readTextFileSync(path) };
}

async function stopped(consumer: RunningTask): Promise<void> {
  consumer.signal("SIGTERM");
  assert.equal((await endOf(consumer)).code, EXIT.ok);
}

/** Puts orders into a transaction that is left open. */
async function openTransaction(world: KafkaWorld, topic: string, timeoutMs: number) {
  const producer = world.kafka.producer({
    transactionalId: crypto.randomUUID(),
    transactionTimeout: timeoutMs,
    maxInFlightRequests: 1,
    idempotent: true,
  });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: await messages(world, 0, ["within"]) });
  return {
    commit: () => transaction.commit(),
    [Symbol.asyncDispose]: () => producer.disconnect(),
  };
}

Deno.test("partitions that are added are read from their beginning within seconds, which is said", async () => {
  await using world = await ownWorld();
  const { wrapper, heard } = listen(world);
  await using consumer = await world.consumer([], wrapper);
  await world.admin((admin) => admin.createPartitions({ topicPartitions: [{ topic: world.topic, count: 5 }] }));
  await sendTo(world, 3, ["a", "b"]);
  await sendTo(world, 4, ["c"]);
  await eventually("verdicts on the new partitions", () => world.verdicts() === 3);
  await sendTo(world, 0, ["d"]);
  await eventually("verdicts on the old ones", () => world.verdicts() === 4);
  await stopped(consumer);
  assert.match(heard(), /^warning: \S+ now has 5 partitions: 3 and 4 are read too$/m);
  assert.equal((await world.task("verify")).code, EXIT.ok);
  const { stdout } = await world.task("consume", ["--until-end"]);
  assert.match(stdout, /^0 orders/m, "nothing was read again");
});

Deno.test("a topic that is deleted ends its consumer within seconds, exit 65, and the next one begins anew", async () => {
  await using world = await ownWorld();
  await sendTo(world, 0, ["before"]);
  await using consumer = await world.consumer();
  await eventually("a verdict", () => world.verdicts() === 1);
  await world.admin((admin) => admin.deleteTopics({ topics: [world.topic] }));
  const { code, stderr } = await endOf(consumer, 15_000);
  assert.equal(code, EXIT.data);
  assert.match(stderr, /^error: The topic \S+ was deleted while it was read\. Start again .* stays accepted\n$/m);
  assert.equal((await world.task("consume", ["--until-end"])).code, EXIT.ok);
  await sendTo(world, 0, ["after"]);
  assert.equal((await world.task("consume", ["--until-end"])).code, EXIT.ok);
  assert.deepEqual(world.unjudged(), []);
});

Deno.test("records behind an open transaction are waited for, which is said once, and read when it ends", async () => {
  await using world = await ownWorld();
  await sendTo(world, 0, ["before"]);
  await using transaction = await openTransaction(world, world.topic, 60_000);
  await sendTo(world, 0, ["behind"]);
  await sendTo(world, 1, ["beside"]);
  const { wrapper, heard } = listen(world);
  await using consumer = await world.consumer(["--until-end"], wrapper);
  await eventually("it says so", () => heard().includes("transaction"));
  assert.match(
    heard(),
    /^warning: 2 records wait behind an open transaction in \S+ \(partition 0 from offset 1: 2\); .*--until-end waits/m,
  );
  assert.equal(world.verdicts(), 2, "all that can be read");

  const { code, stdout } = await world.task("verify");
  assert.equal(code, EXIT.ok);
  assert.match(stdout, /^2 records wait .* \(partition 0 from offset 1: 2\): not read yet, so not checked$/m);

  await transaction.commit();
  assert.equal((await endOf(consumer)).code, EXIT.ok);
  world.sent.push("within");
  assert.deepEqual(world.unjudged(), []);
  assert.equal(heard().match(/transaction/g)?.length, 1);
  assert.doesNotMatch((await world.task("verify")).stdout, /transaction/);
});

Deno.test("a transaction that is never ended is ended by its time-out, and --until-end with it", async () => {
  await using world = await ownWorld();
  await using _transaction = await openTransaction(world, world.topic, 1_000);
  await sendTo(world, 0, ["behind"]);
  const { code, stdout } = await world.task("consume", ["--until-end"]);
  assert.equal(code, EXIT.ok);
  assert.match(stdout, /^1 order: 1 accepted/m);
  assert.equal((await world.task("verify")).code, EXIT.ok);
});

Deno.test("verify takes no dead letter for missing that it cannot read yet, exit 69", async () => {
  await using world = await ownWorld();
  const deadLetters = deadLetterTopic(world.topic);
  await using _transaction = await openTransaction(world, deadLetters, 60_000);
  await sendRaw(world.topic, [{ value: "no order" }]);
  assert.equal((await world.task("consume", ["--until-end"])).code, EXIT.ok);
  const { code, stderr } = await world.task("verify");
  assert.equal(code, EXIT.unavailable);
  assert.match(
    stderr,
    /^error: 2 records wait behind an open transaction in \S+\.dlq .*: check again once it has ended$/m,
  );
});

Deno.test("replay --dlq says where each dead letter went, where the topic has fewer partitions than before", async () => {
  await using world = await ownWorld();
  const { topic } = world;
  await sendRaw(topic, [{ partition: 0, value: "of partition 0" }, { partition: 2, value: "of partition 2" }]);
  assert.equal((await world.task("consume", ["--until-end"])).code, EXIT.ok);
  await world.admin(async (admin) => {
    await admin.deleteTopics({ topics: [topic] });
    await eventually("the topic is there again", () => admin.createTopics({ topics: [{ topic }] }).catch(() => false));
  });
  const { code, stdout } = await world.task("replay", ["--dlq"]);
  assert.equal(code, EXIT.ok);
  assert.match(stdout, /^#\d {2}back to partition 0, was offset 0: /m);
  assert.match(stdout, /^#\d {2}to partition 0, was offset 0 of partition 2, which is gone: /m);
  assert.deepEqual((await world.records()).map(({ partition }) => partition), [0, 0]);
});
