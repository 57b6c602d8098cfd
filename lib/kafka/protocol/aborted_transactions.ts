import type { RecordBatch } from "./record_batch.ts";

/** A transaction that was aborted, as the answer to a fetch names it. */
export interface AbortedTransaction {
  producerId: string;
  firstOffset: number;
}

/**
 * Marks the batches of aborted transactions as ones to pass over. `batches` are those of one partition in one fetch, in
 * their order; `aborted` is what the broker said of them.
 *
 * In place of kafkajs's own filter, which looks into each marker for whether it aborts: compaction leaves markers
 * without a record, and any marker ends its producer's transaction. It also takes the list to be in the order in which
 * the transactions began, and takes one off it for a batch: of two that overlap it may hand one out as if committed.
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
