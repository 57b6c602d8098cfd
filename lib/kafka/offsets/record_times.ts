import type { Admin, Kafka } from "kafkajs";
import { chunks } from "../../chunks.ts";
import { partitionLogs } from "../consume/group_offsets.ts";
import { readPartition } from "../scan/read_partition.ts";

/** Partitions looked at at once: each takes a connection. */
const AT_ONCE = 8;
/** Times are a courtesy: nobody should wait long for them. */
const PATIENCE_MS = 5_000;

/**
 * When the first record at or after an offset was written, in milliseconds since the epoch, by partition. Those are
 * missing where there is no such record, or none that can be read. Permissions: net; at the broker READ on the topic.
 */
export async function recordTimes(
  kafka: Kafka,
  admin: Admin,
  topic: string,
  offsets: ReadonlyMap<number, number>,
): Promise<Map<number, number>> {
  const logs = (await partitionLogs(admin, topic)).filter(({ partition }) => offsets.has(partition));
  const times = new Map<number, number>();
  for await (const some of chunks(logs, AT_ONCE)) {
    await Promise.all(some.map(async ({ partition, low, high }) => {
      const range = { from: Math.max(offsets.get(partition)!, low), to: high };
      const time = await firstTime(kafka, { topic, partition, range });
      if (time !== undefined) times.set(partition, time);
    }));
  }
  return times;
}

async function firstTime(
  kafka: Kafka,
  { topic, partition, range }: { topic: string; partition: number; range: { from: number; to: number } },
): Promise<number | undefined> {
  try {
    const records = readPartition(kafka, { topic, partition, ranges: [range], patienceMs: PATIENCE_MS });
    for await (const { timestamp } of records) return timestamp;
  } catch {
    return undefined; // a batch that cannot be read, or a broker that is away: whoever asked still learns the rest
  }
}
