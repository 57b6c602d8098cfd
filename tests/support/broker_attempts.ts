import type { Kafka } from "kafkajs";
import { disconnect, withAdmin } from "../../lib/kafka/client/disconnect.ts";
import { patiently } from "../../lib/patiently.ts";
import { readPartition } from "../../lib/kafka/scan/read_partition.ts";
import { aclsOf, createAcls } from "../../tools/stack/secure/acls.ts";

/** What a client may try at a broker, each by the smallest means; a refusal is an error. Permission: net. */

export async function listTopics(kafka: Kafka): Promise<string[]> {
  return await withAdmin(kafka, (admin) => admin.listTopics());
}

export async function send(kafka: Kafka, topic: string): Promise<void> {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  try {
    await producer.connect();
    await producer.send({ topic, acks: -1, messages: [{ partition: 0, value: "no order" }] });
  } finally {
    await disconnect(producer);
  }
}

/** Reads the first message of partition 0 as the tools do. */
export async function scan(kafka: Kafka, topic: string): Promise<void> {
  await Array.fromAsync(readPartition(kafka, { topic, partition: 0, ranges: [{ from: 0, to: 1 }] }));
}

/** Waits for one message as a member of `groupId`, and leaves it uncommitted. */
export async function read(kafka: Kafka, topic: string, groupId: string): Promise<void> {
  // kafkajs takes it for final that the coordinator of a new broker is still loading.
  const passes = (error: unknown) => (error as { type?: string }).type === "GROUP_LOAD_IN_PROGRESS";
  await patiently(() => readOnce(kafka, topic, groupId), { forMs: 20_000, everyMs: 100, passes });
}

async function readOnce(kafka: Kafka, topic: string, groupId: string): Promise<void> {
  const consumer = kafka.consumer({ groupId, retry: { restartOnFailure: () => Promise.resolve(false) } });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  promise.catch(() => {}); // where the consumer does not get as far as to wait for it
  consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({ autoCommit: false, eachMessage: () => Promise.resolve(resolve()) });
    await promise;
  } finally {
    await disconnect(consumer);
  }
}

export async function lookAtGroup(kafka: Kafka, groupId: string): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    await admin.describeCluster(); // else kafkajs does not know the coordinator's address
    await admin.fetchOffsets({ groupId, topics: [] });
  });
}

export async function makeTopic(kafka: Kafka): Promise<void> {
  const topic = `made-${crypto.randomUUID()}`;
  await withAdmin(kafka, (admin) => admin.createTopics({ topics: [{ topic }], waitForLeaders: false }));
}

export async function giveRights(kafka: Kafka): Promise<void> {
  await createAcls(kafka, aclsOf({ topic: "some-other", group: "some-other" }));
}
