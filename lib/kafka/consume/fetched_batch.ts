import type { Batch } from "kafkajs";
import type { FetchedBatch } from "../../ports.ts";
import type { FetchedRecords } from "../protocol/fetched_records.ts";
import { recordGroups } from "../protocol/record_batch.ts";

/** A fetch split into batches of `size` records, 5,000 by default; at most `most` records in total. */
export function* fetchedBatches(batch: Batch, most: number, size?: number): Generator<FetchedBatch<FetchedRecords>> {
  const { topic, partition } = batch;
  let from = Number((batch as unknown as { fetchedOffset: string }).fetchedOffset);
  let left = most;
  if (left <= 0) return;
  // At least once: compaction leaves empty batches.
  for (const { records, isLast } of recordGroups(batch, from, size)) {
    const fetched = records.length;
    records.cut(left);
    // Markers after the last record count as read together with it.
    const isAll = isLast && records.length === fetched;
    const to = (isAll ? Number(batch.lastOffset()) : records.offset[records.length - 1]) + 1;
    yield { topic, partition, from, to, records };
    left -= records.length;
    if (left === 0) return;
    from = to;
  }
}
