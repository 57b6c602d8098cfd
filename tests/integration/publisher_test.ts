import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import ConnectionPool from "kafkajs/src/network/connectionPool.js";
import { EXIT, Failure } from "../../lib/errors.ts";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { withAdmin } from "../../lib/kafka/client/disconnect.ts";
import type { ProduceAnswer } from "../../lib/kafka/produce/batch_producer.ts";
import type { ProtocolCall } from "../../lib/kafka/client/internal_cluster.ts";
import { createPublisher, type PublisherOptions } from "../../lib/kafka/produce/publisher.ts";
import { ensureTopics } from "../../lib/kafka/client/topics_admin.ts";
import type { OutgoingOrder } from "../../lib/ports.ts";
import { deadLetterTopic, SAME_KEY } from "../../lib/topics.ts";
import { randomName, readTopic, testKafka } from "../support/kafka.ts";

/** In the Kafka protocol. */
const PRODUCE = 0;

function orderOf(id: number | string, item = "book"): OutgoingOrder {
  return { order: { order_id: `${id}`, user: "alice", item, quantity: 1, created_at: 0 } };
}

/** Publishes to a new topic what `use` sends, each order as its id, and returns the topic's name. */
async function publish(
  use: (send: (orders: OutgoingOrder[]) => Promise<void>) => Promise<void>,
  options: Partial<PublisherOptions<OutgoingOrder>> = {},
): Promise<string> {
  const connection = testKafka();
  const topic = options.topic ?? randomName();
  await ensureTopics(connection, topic);
  const encode = ({ order }: OutgoingOrder) => Buffer.from(order.order_id);
  const publisher = await createPublisher({ connection, topic, key: "item", encode, ...options });
  try {
    await use((orders) => publisher.send(orders));
  } finally {
    await publisher.close();
  }
  return topic;
}

async function idsIn(topic: string): Promise<string[]> {
  return (await readTopic(topic)).map(({ value }) => Buffer.from(value!).toString());
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

type Produce = (call: ProtocolCall<ProduceAnswer>) => Promise<ProduceAnswer>;

/** Lets `intercept` stand between the publisher and the brokers' answers to what it sends; how many calls there were. */
async function withProduceCalls(intercept: (send: Produce) => Produce, use: () => Promise<void>): Promise<number> {
  const original = ConnectionPool.prototype.send;
  let calls = 0;
  ConnectionPool.prototype.send = function (call: ProtocolCall<ProduceAnswer>) {
    if (call.request.apiKey !== PRODUCE) return original.call(this, call);
    calls++;
    return intercept((call) => original.call(this, call))(call);
  };
  try {
    await use();
  } finally {
    ConnectionPool.prototype.send = original;
  }
  return calls;
}

Deno.test("ensureTopics() creates the topic and its dead letter topic once", async () => {
  const topic = randomName();
  await Promise.all([ensureTopics(testKafka(), topic), ensureTopics(testKafka(), topic)]);
  await ensureTopics(testKafka(), topic);
  await withAdmin(createKafka(testKafka()), async (admin) => {
    assert.equal((await admin.fetchTopicOffsets(topic)).length, 3);
    assert.equal((await admin.fetchTopicOffsets(deadLetterTopic(topic))).length, 1);
  });
});

Deno.test("send() puts a key into the partition that a Java client would choose", async () => {
  // The hashes are those of Kafka's own test of murmur2 (UtilsTest).
  const hashes: Record<string, number> = {
    "21": -973932308,
    "foobar": -790332482,
    "a-little-bit-long-string": -985981536,
    "a-little-bit-longer-string": -1486304829,
    "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    "abc": 479470107,
  };
  const topic = await publish((send) => send(Object.keys(hashes).map((key) => orderOf(key, key))));
  const messages = await readTopic(topic);
  assert.equal(messages.length, Object.keys(hashes).length);
  for (const { key, partition } of messages) assert.equal(partition, (hashes[key!] & 0x7fffffff) % 3, `key ${key}`);
});

Deno.test("send() keeps the order of overlapping calls, over many chunks", async () => {
  const topic = await publish(async (send) => {
    await Promise.all([0, 1, 2].map((call) => send(range(call * 3_000, (call + 1) * 3_000).map((id) => orderOf(id)))));
  });
  assert.deepEqual(await idsIn(topic), range(0, 9_000).map(String));
});

Deno.test("send() with the same key for all puts all into one partition", async () => {
  const topic = await publish((send) => send(range(0, 30).map((id) => orderOf(id, `item-${id}`))), { key: "same" });
  const messages = await readTopic(topic);
  assert.deepEqual([...new Set(messages.map(({ key }) => key))], [SAME_KEY]);
  assert.equal(new Set(messages.map(({ partition }) => partition)).size, 1);
  assert.deepEqual(await idsIn(topic), range(0, 30).map(String));
});

Deno.test("send() without keys spreads orders evenly", async () => {
  const topic = await publish(async (send) => {
    await send(range(0, 30).map((id) => orderOf(id)));
    for (const id of range(30, 36)) await send([orderOf(id)]);
  }, { key: "none" });
  const messages = await readTopic(topic);
  const perPartition = [0, 1, 2].map((partition) => messages.filter((message) => message.partition === partition));
  assert.deepEqual(perPartition.map((some) => some.length), [12, 12, 12]);
  assert.ok(messages.every(({ key }) => key === undefined));
  const ids = await idsIn(topic);
  const firstRun = Number(ids[0]);
  assert.deepEqual(ids.slice(0, 10), range(firstRun, firstRun + 10).map(String), "one send is not torn into pieces");
});

Deno.test("send() says in a header what an order is a replay of", async () => {
  const topic = await publish((send) => send([{ ...orderOf("new"), replayOf: "ölt" }, orderOf("plain")]));
  assert.deepEqual((await readTopic(topic)).map(({ headers }) => headers), [{ replay_of: "ölt" }, {}]);
});

Deno.test("send() splits what is too large for the topic as one batch", async () => {
  const topic = await topicWithLimit(5_000);
  await publish((send) => send(range(0, 1_000).map((id) => orderOf(id))), { topic });
  assert.deepEqual(await idsIn(topic), range(0, 1_000).map(String));
});

Deno.test("send() refuses a single order that is too large, with its size and the limit", async () => {
  const topic = await topicWithLimit(5_000);
  await assert.rejects(
    publish((send) => send([orderOf("x".repeat(6_000))]), { topic }),
    (error) => error instanceof Failure && error.exit === EXIT.usage && /6000 bytes.*5000/.test(error.message),
  );
});

Deno.test("send() goes on under a new producer id when a broker has lost the old one's numbers", async () => {
  let failures = 2;
  let topic = "";
  const lost = { type: "OUT_OF_ORDER_SEQUENCE_NUMBER", retriable: false };
  const calls = await withProduceCalls(
    (send) => (call) => failures-- > 0 ? Promise.reject(Object.assign(new Error("sequence"), lost)) : send(call),
    async () => {
      topic = await publish((send) => send([orderOf(1), orderOf(2)]));
    },
  );
  assert.equal(calls, 3);
  assert.deepEqual(await idsIn(topic), ["1", "2"]);
});

Deno.test("send() takes no answer for done that does not name the partition, and repeats without doubling", async () => {
  let calls = 0;
  await withProduceCalls(
    (send) => async (call) => {
      const answer = await send(call);
      return calls++ === 0 ? { topics: [] } : answer;
    },
    async () => {
      const topic = await publish((send) => send([orderOf(1)]));
      assert.deepEqual(await idsIn(topic), ["1"]);
    },
  );
  assert.equal(calls, 2);
});

Deno.test("send() repeats after a lost answer without doubling, and goes on with the next numbers", async () => {
  let calls = 0;
  const lost = Object.assign(new Error("Closed connection"), { name: "KafkaJSConnectionClosedError", retriable: true });
  await withProduceCalls(
    (send) => async (call) => {
      const answer = await send(call);
      if (calls++ % 2 === 0) throw lost;
      return answer;
    },
    async () => {
      const topic = await publish(async (send) => {
        await send([orderOf(1), orderOf(2)]);
        await send([orderOf(3)]);
      });
      assert.deepEqual(await idsIn(topic), ["1", "2", "3"]);
    },
  );
  assert.equal(calls, 4);
});

Deno.test("send() rejects at once what the broker refuses for good", async () => {
  const refused = Object.assign(new Error("Not authorized"), { type: "TOPIC_AUTHORIZATION_FAILED", retriable: false });
  const calls = await withProduceCalls(() => () => Promise.reject(refused), async () => {
    await assert.rejects(publish((send) => send([orderOf(1)])), /Kafka denies User:ANONYMOUS Write on topic/);
  });
  assert.equal(calls, 1);
});

async function topicWithLimit(bytes: number): Promise<string> {
  const topic = randomName();
  const configEntries = [{ name: "max.message.bytes", value: `${bytes}` }];
  const topics = [{ topic, numPartitions: 1, configEntries }];
  await withAdmin(createKafka(testKafka()), (admin) => admin.createTopics({ topics, waitForLeaders: true }));
  return topic;
}
