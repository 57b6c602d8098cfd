import type { Kafka } from "kafkajs";
import { nextOffsetIn, type OffsetRange } from "../../offset_ranges.ts";
import type { FetchedRecord } from "../protocol/record_batch.ts";
import { PartitionFetcher } from "./partition_fetcher.ts";
import { readFailure } from "./read_failure.ts";

/** A read that brings nothing new for this long is given up, in milliseconds. */
const PATIENCE_MS = 30_000;

/** What to read of one partition. */
export interface PartitionRead {
  topic: string;
  partition: number;
  /** Within the log, one after the other and disjoint, as `OffsetRanges` has them. */
  ranges: readonly OffsetRange[];
  /** {@linkcode PATIENCE_MS} by default. */
  patienceMs?: number;
}

/**
 * The records in some ranges of a partition, in the order of their offsets; transaction markers and what was aborted are
 * no records. Read as they are taken, which may be as slowly as one likes: a fetch at most is in memory.
 *
 * A fetch serves all the ranges that it reaches. A batch that lies between two of them is not read, for it may have been
 * skipped because it cannot be.
 *
 * Throws a `Failure`: 69 where the brokers have nothing new for too long, or a batch cannot be read; 78 where
 * they refuse. Permissions: net; at the broker READ on the topic.
 */
export async function* readPartition(kafka: Kafka, read: PartitionRead): AsyncGenerator<FetchedRecord> {
  const { topic, partition, patienceMs = PATIENCE_MS } = read;
  const ranges = read.ranges.filter(({ from, to }) => from < to);
  const wants = (first: number, last: number) => nextOffsetIn(ranges, first) <= last;
  await using fetcher = new PartitionFetcher(kafka, { topic, partition, wants, patienceMs });
  let next = nextOffsetIn(ranges, 0);
  try {
    while (next < Infinity) {
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
