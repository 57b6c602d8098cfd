import { createKafka } from "../../lib/kafka/client/client.ts";
import { withAdmin } from "../../lib/kafka/client/disconnect.ts";
import { commitForEmptyGroup } from "../../lib/kafka/consume/group_coordinator.ts";
import { testKafka } from "./kafka.ts";

/** An offset as Kafka has it, -1 where there is none. */
export interface RawOffset {
  partition: number;
  offset: string;
  metadata: string | null;
}

/** What a group has committed in a topic, as the broker has it, by partition. */
export async function rawOffsets(group: string, topic: string): Promise<RawOffset[]> {
  const [{ partitions }] = await withAdmin(
    createKafka(testKafka()),
    (admin) => admin.fetchOffsets({ groupId: group, topics: [topic] }),
  );
  return partitions.sort((a, b) => a.partition - b.partition);
}

/** The same as numbers. */
export async function offsetsOf(group: string, topic: string): Promise<number[]> {
  return (await rawOffsets(group, topic)).map(({ offset }) => Number(offset));
}

/** Commits for a group of another program, -1 deletes. */
export async function commitAs(
  group: string,
  topic: string,
  offsets: readonly number[],
  metadata: string | null = null,
): Promise<void> {
  const wanted = offsets.map((offset, partition) =>
    [partition, offset < 0 ? undefined : { offset, metadata }] as const
  );
  await commitForEmptyGroup(createKafka(testKafka()), { group, topic }, new Map(wanted));
}

/** A topic with a record a minute in each partition, the newest a minute ago; 10 in the first, 5 in the second. */
export async function topicWithTimes(topic: string): Promise<void> {
  const kafka = createKafka(testKafka());
  await withAdmin(
    kafka,
    (admin) => admin.createTopics({ topics: [{ topic, numPartitions: 3 }], waitForLeaders: true }),
  );
  const now = Date.now();
  const records = (partition: number, count: number) =>
    Array.from({ length: count }, (_, index) => ({
      partition,
      value: "x",
      timestamp: String(now - (count - index) * 60_000),
    }));
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  await producer.send({ topic, messages: [...records(0, 10), ...records(1, 5)] });
  await producer.disconnect();
}
