import type { RecordBatch } from "./record_batch.ts";

/** An aborted transaction, as named in the answer to a fetch. */
export interface AbortedTransaction {
  producerId: string;
  firstOffset: number;
}

/**
 * Marks the batches of aborted transactions to be skipped. `batches` are those of one partition in one fetch, in
 * sequence; `aborted` is what the broker said about them.
 *
 * Replaces kafkajs's own filter, which reads each marker to see whether it aborts: but compaction leaves markers
 * without a record, and any marker ends its producer's transaction. That filter also assumes that the list is sorted by
 * the start of the transactions, and uses one entry per batch: of two overlapping transactions it may hand one out as
 * if committed.
 */
export function passOverAborted(
  batches: readonly RecordBatch[],
  aborted: readonly AbortedTransaction[],
): void {
  if (aborted.length === 0) return;
  const coming = aborted.toSorted((one, other) => one.firstOffset - other.firstOffset);
  const open = new Set<string>();
  for (const batch of batches) {
    while (coming.length > 0 && coming[0].firstOffset <= Number(batch.offset)) open.add(coming.shift()!.producerId);
    if (batch.isMarker) open.delete(batch.producerId);
    else if (batch.inTransaction && open.has(batch.producerId)) batch.isControlRecord = true;
  }
}
