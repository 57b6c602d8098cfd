import type { Batch } from "kafkajs";
import type { FetchedBatch } from "../../ports.ts";
import { type FetchedRecord, recordGroups } from "../protocol/record_batch.ts";

/** A fetch split into batches of `size` records, 5,000 by default; at most `most` records in total. */
export function* fetchedBatches(batch: Batch, most: number, size?: number): Generator<FetchedBatch<FetchedRecord>> {
  const { topic, partition } = batch;
  let from = Number((batch as unknown as { fetchedOffset: string }).fetchedOffset);
  let left = most;
  if (left <= 0) return;
  // At least once: compaction leaves empty batches.
  for (const group of recordGroups(batch, from, size)) {
    const records = group.records.length <= left ? group.records : group.records.slice(0, left);
    // Markers after the last record count as read together with it.
    const isAll = group.isLast && records.length === group.records.length;
    const to = (isAll ? Number(batch.lastOffset()) : records.at(-1)!.offset) + 1;
    yield { topic, partition, from, to, records };
    left -= records.length;
    if (left === 0) return;
    from = to;
  }
}
