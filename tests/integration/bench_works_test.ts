import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { BenchWorld } from "../../bench/bench_world.ts";
import { KafkaTools } from "../../bench/kafka_tools.ts";
import { StreamsApp } from "../../bench/streams_app.ts";
import type { Sample, Work } from "../../bench/work.ts";
import { REBUILD, VERIFY } from "../../bench/works/scan.ts";
import { REPLAY } from "../../bench/works/send.ts";
import { STREAMS } from "../../bench/works/streams.ts";
import { writerSchemas } from "../../lib/avro/schema_registry.ts";
import { createTopics } from "../../lib/kafka/client/create_topics.ts";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { ORDERS_PARTITIONS, valueSubject } from "../../lib/topics.ts";
import { acceptedIn, task } from "../support/commands.ts";
import { randomName, readTopic, sampleWorld, testEnv, testKafka, testRegistry } from "../support/kafka.ts";
import { ValueDecoder } from "../support/value_decoder.ts";

const stop = new AbortController().signal;

/** One round of a work on the tests' own stack. */
async function round(work: Work, orders: number): Promise<Sample> {
  const folder = Deno.makeTempDirSync({ prefix: "orders-bench-" });
  try {
    const tools = await KafkaTools.find(stop);
    const env = { ...testEnv(), DATABASE_URL: "" };
    const world = new BenchWorld({ env, dataDir: folder, folder, orders, tools }, stop);
    const measure = await work.prepare(world);
    return await measure();
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("the Kafka Streams application accepts exactly the orders that consume accepts", async () => {
  using world = await sampleWorld();
  const env = { ...testEnv(), ...world.env };
  // More than there is stock for, and of each kind of order that is not accepted.
  const mix = "unpaid=10,unknown-user=5,unknown-item=5,no-stock=5,duplicate=10,poison=5";
  await task("produce", ["--count", "400", "--delay", "0", "--mix", mix], env);
  const stateDir = Deno.makeTempDirSync({ prefix: "orders-streams-" });
  try {
    const app = await StreamsApp.provide(await KafkaTools.find(stop), stop);
    const output = randomName();
    const kafka = createKafka(testKafka());
    await createTopics(kafka, [{ topic: output, numPartitions: ORDERS_PARTITIONS, replicationFactor: 1 }]);
    const run = { brokers: env.KAFKA_BOOTSTRAP_SERVERS, topic: world.topic, output, group: output };
    const figures = await app.judge({ ...run, storage: world.storage, stateDir }, stop);
    const { code, stderr } = await task("consume", ["--until-end"], env);
    assert.equal(code, 0, stderr);
    const [ours, theirs] = [acceptedIn(world.storage).sort(), (await idsIn(output, world.topic)).sort()];
    assert.ok(ours.length > 10 && ours.length < 200, `${ours.length} accepted`);
    assert.deepEqual(theirs, ours);
    assert.deepEqual([figures.orders, figures.accepted], [400, ours.length]);
  } finally {
    Deno.removeSync(stateDir, { recursive: true });
  }
});

/** The order_ids in `output`, whose schema is that of `topic`. */
async function idsIn(output: string, topic: string): Promise<string[]> {
  const decoder = new ValueDecoder(writerSchemas(testRegistry(), valueSubject(topic)));
  const values = (await readTopic(output)).map(({ value }) => Buffer.from(value!));
  await decoder.prepare(values);
  return values.map((value) => {
    const decoded = decoder.decode(value, 0);
    assert.ok("order" in decoded);
    return decoded.order.order_id;
  });
}

Deno.test("bench holds consume against Kafka Streams, on the same topic", async () => {
  const { ours, peer, details } = await round(STREAMS, 2_000);
  assert.ok(ours > 0 && peer! > 0);
  assert.equal(details!.accepted, 2_000);
});

Deno.test("bench holds replay against ProducerPerformance", async () => {
  const { ours, peer } = await round(REPLAY, 2_000);
  assert.ok(ours > 0 && peer! > 0);
});

for (const work of [VERIFY, REBUILD]) {
  Deno.test(`bench holds ${work.name} against reading the log once`, async () => {
    const { ours, peer, details } = await round(work, 2_000);
    assert.ok(ours > 0 && peer !== undefined);
    assert.equal(typeof details!.peerInBlocks, "number");
  });
}
