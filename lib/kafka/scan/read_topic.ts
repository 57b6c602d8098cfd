import type { Kafka } from "kafkajs";
import type { OffsetRange } from "../../offset_ranges.ts";
import type { Progress } from "../../progress.ts";
import { withAdmin } from "../client/disconnect.ts";
import { type PartitionLog, partitionLogs } from "../consume/group_offsets.ts";
import type { FetchedRecord } from "../protocol/fetched_records.ts";
import { readFailure } from "./read_failure.ts";
import { readPartition } from "./read_partition.ts";

const EVERYTHING: readonly OffsetRange[] = [{ from: 0, to: Infinity }];

/** A partition and its records, to be read before the next partition. */
export interface PartitionRecords {
  partition: number;
  records: AsyncGenerator<FetchedRecord>;
}

export interface ReadTopicOptions {
  /** The ranges to read, by partition; everything if missing. */
  wanted?: ReadonlyMap<number, readonly OffsetRange[]>;
  /** In records, as far as offsets tell. */
  progress?: Progress;
}

/**
 * The records of a topic, one partition after the other, each up to its end when its turn comes; or only those
 * `wanted`. Permissions as `readPartition`.
 */
export async function* readTopic(
  kafka: Kafka,
  topic: string,
  { wanted, progress = () => {} }: ReadTopicOptions = {},
): AsyncGenerator<PartitionRecords> {
  const parts = (await logsOf(kafka, topic)).flatMap((log) => {
    const ranges = wanted === undefined ? EVERYTHING : wanted.get(log.partition);
    return ranges === undefined ? [] : { partition: log.partition, ranges, span: spanOf(within(ranges, log)) };
  });
  const total = parts.reduce((sum, { span }) => sum + span.to - span.from, 0);
  let done = 0;
  for (const { partition, ranges, span } of parts) {
    // Looked up again, because retention may have removed records while earlier partitions were read.
    const log = (await logsOf(kafka, topic)).find((log) => log.partition === partition)!;
    const onFetch = (next: number) => progress(Math.min(done + next - span.from, total), total);
    yield { partition, records: readPartition(kafka, { topic, partition, ranges: within(ranges, log), onFetch }) };
    done += span.to - span.from;
  }
  progress(total, total);
}

function within(ranges: readonly OffsetRange[], { low, high }: PartitionLog): OffsetRange[] {
  return ranges.map(({ from, to }) => ({ from: Math.max(from, low), to: Math.min(to, high) }));
}

/** From the first offset to the last; ranges outside of the log are empty or reversed. */
function spanOf(ranges: readonly OffsetRange[]): OffsetRange {
  const some = ranges.filter(({ from, to }) => from < to);
  return some.length === 0 ? { from: 0, to: 0 } : { from: some[0].from, to: some[some.length - 1].to };
}

async function logsOf(kafka: Kafka, topic: string): Promise<PartitionLog[]> {
  try {
    return await withAdmin(kafka, (admin) => partitionLogs(admin, topic));
  } catch (error) {
    throw readFailure(error, kafka, topic);
  }
}
