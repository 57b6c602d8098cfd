import type { Kafka } from "kafkajs";
import { nextOffsetIn, type OffsetRange } from "../../offset_ranges.ts";
import type { FetchedRecord } from "../protocol/fetched_records.ts";
import { PartitionFetcher } from "./partition_fetcher.ts";
import { readFailure } from "./read_failure.ts";

/** A read that brings nothing new for this many milliseconds is given up. */
const PATIENCE_MS = 30_000;

/** What to read of one partition. */
export interface PartitionRead {
  topic: string;
  partition: number;
  /** Within the log, sorted and disjoint as in `OffsetRanges`. */
  ranges: readonly OffsetRange[];
  /** {@linkcode PATIENCE_MS} by default. */
  patienceMs?: number;
  /** Called after each fetch with the offset that comes next; it is not called at the end. */
  onFetch?(next: number): void;
}

/**
 * The records in some ranges of a partition, by offset, without transaction markers and aborted records. Read lazily,
 * however slowly they are taken: at most one fetch is in memory.
 *
 * One fetch serves all the ranges it covers. A batch between two ranges is not read, because it may have been skipped
 * as unreadable.
 *
 * Throws a `Failure`: 69 if the brokers bring nothing new for too long or a batch cannot be read, 78 if access is
 * denied. Permissions: net; at the broker READ on the topic.
 */
export async function* readPartition(kafka: Kafka, read: PartitionRead): AsyncGenerator<FetchedRecord> {
  const { topic, partition, patienceMs = PATIENCE_MS } = read;
  const ranges = read.ranges.filter(({ from, to }) => from < to);
  const wants = (first: number, last: number) => nextOffsetIn(ranges, first) <= last;
  await using fetcher = new PartitionFetcher(kafka, { topic, partition, wants, patienceMs });
  let next = nextOffsetIn(ranges, 0);
  try {
    while (next < Infinity) {
      read.onFetch?.(next);
      const batches = await fetcher.batchesFrom(next);
      for (const batch of batches) {
        if (batch.isControlRecord) continue;
        for (const record of batch.records(next)) {
          if (nextOffsetIn(ranges, record.offset) === record.offset) yield record;
        }
      }
      next = nextOffsetIn(ranges, Number(batches.at(-1)!.offset) + 1);
    }
  } catch (error) {
    throw readFailure(error, kafka, topic);
  }
}
