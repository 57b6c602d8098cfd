import type { Kafka } from "kafkajs";
import type { OffsetRange } from "../../offset_ranges.ts";
import { withAdmin } from "../client/disconnect.ts";
import { type PartitionLog, partitionLogs } from "../consume/group_offsets.ts";
import type { FetchedRecord } from "../protocol/record_batch.ts";
import { readFailure } from "./read_failure.ts";
import { readPartition } from "./read_partition.ts";

const EVERYTHING: readonly OffsetRange[] = [{ from: 0, to: Infinity }];

/** A partition and its records, to be read before the next partition. */
export interface PartitionRecords {
  partition: number;
  records: AsyncGenerator<FetchedRecord>;
}

/**
 * The records of a topic, one partition after the other, each up to its end when its turn comes; or only those in the
 * ranges `wanted` by partition. Permissions as `readPartition`.
 */
export async function* readTopic(
  kafka: Kafka,
  topic: string,
  wanted?: ReadonlyMap<number, readonly OffsetRange[]>,
): AsyncGenerator<PartitionRecords> {
  for (const { partition } of await logsOf(kafka, topic)) {
    const ranges = wanted === undefined ? EVERYTHING : wanted.get(partition);
    if (ranges === undefined) continue;
    // Looked up again, because retention may have removed records while earlier partitions were read.
    const { low, high } = (await logsOf(kafka, topic)).find((log) => log.partition === partition)!;
    const inLog = ranges.map(({ from, to }) => ({ from: Math.max(from, low), to: Math.min(to, high) }));
    yield { partition, records: readPartition(kafka, { topic, partition, ranges: inLog }) };
  }
}

async function logsOf(kafka: Kafka, topic: string): Promise<PartitionLog[]> {
  try {
    return await withAdmin(kafka, (admin) => partitionLogs(admin, topic));
  } catch (error) {
    throw readFailure(error, kafka, topic);
  }
}
