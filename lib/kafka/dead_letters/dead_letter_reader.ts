import type { Kafka } from "kafkajs";
import type { OffsetRange } from "../../offset_ranges.ts";
import type { StoredDeadLetter } from "../../ports.ts";
import type { Progress } from "../../progress.ts";
import { isInTime, type SliceFilter } from "../../slice.ts";
import { deadLetterTopic } from "../../topics.ts";
import { DEAD_LETTER_PARTITION } from "./dead_letters.ts";
import { withAdmin } from "../client/disconnect.ts";
import { readErrorHeaders } from "./error_headers.ts";
import { partitionLogs } from "../consume/group_offsets.ts";
import type { FetchedRecord } from "../protocol/fetched_records.ts";
import { isReadable } from "../client/rights.ts";
import { readPartition } from "../scan/read_partition.ts";

/**
 * The offset range of the dead letters of `topic` that `filter` selects, as of now; empty if there is no such topic.
 * Permission: net.
 */
export async function deadLetterRange(kafka: Kafka, topic: string, filter: SliceFilter): Promise<OffsetRange> {
  const deadLetters = deadLetterTopic(topic);
  if (!(await isReadable(kafka, deadLetters))) return { from: 0, to: 0 };
  const logs = await withAdmin(kafka, (admin) => partitionLogs(admin, deadLetters));
  const { low, high } = logs.find(({ partition }) => partition === DEAD_LETTER_PARTITION)!;
  return { from: Math.max(low, filter.from ?? low), to: Math.min(high, filter.to ?? high) };
}

/**
 * The dead letters of `topic` in `range` that match `filter`, oldest first; one fetch of them is in memory at a time.
 *
 * Permissions as `readPartition`.
 */
export async function* readDeadLetters(
  kafka: Kafka,
  topic: string,
  { range, filter, progress }: { range: OffsetRange; filter: SliceFilter; progress?: Progress },
): AsyncGenerator<StoredDeadLetter> {
  const reason = filter.reason?.toLowerCase();
  let left = filter.limit ?? Infinity;
  const onFetch = (next: number) => progress?.(next - range.from, range.to - range.from);
  const part = { topic: deadLetterTopic(topic), partition: DEAD_LETTER_PARTITION, ranges: [range], onFetch };
  for await (const record of readPartition(kafka, part)) {
    const deadLetter = toDeadLetter(record);
    if (!isInTime(filter, deadLetter.timestamp)) continue;
    if (reason !== undefined && !deadLetter.reason?.toLowerCase().includes(reason)) continue;
    yield deadLetter;
    if (--left <= 0) return;
  }
}

function toDeadLetter({ offset, timestamp, key, value, headers }: FetchedRecord): StoredDeadLetter {
  const { origin, reason, own } = readErrorHeaders(headers);
  return { offset, origin, reason, timestamp, key, value, headers: own };
}
