import type { Batch } from "kafkajs";
import type { FetchedBatch } from "../../ports.ts";
import { type FetchedRecord, recordGroups } from "../protocol/record_batch.ts";

/** What a batch consumer was handed, in batches of a size to handle in one go; `most` records in all. */
export function* fetchedBatches(batch: Batch, most: number): Generator<FetchedBatch<FetchedRecord>> {
  const { topic, partition } = batch;
  let from = Number((batch as unknown as { fetchedOffset: string }).fetchedOffset);
  let left = most;
  if (left <= 0) return;
  // Once at least: compaction leaves batches that are empty.
  for (const group of recordGroups(batch, from)) {
    const records = group.records.length <= left ? group.records : group.records.slice(0, left);
    // Markers after the last record count as read with it.
    const isAll = group.isLast && records.length === group.records.length;
    const to = (isAll ? Number(batch.lastOffset()) : records.at(-1)!.offset) + 1;
    yield { topic, partition, from, to, records };
    left -= records.length;
    if (left === 0) return;
    from = to;
  }
}
