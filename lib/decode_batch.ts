import type { NameTable } from "./name_table.ts";
import { isValidOrderId } from "./order.ts";
import { OrderColumns } from "./order_columns.ts";
import type { DeadLetter, FetchedBatch, OrderBatch, TopicRecord, TopicRecords } from "./ports.ts";
import { REPLAY_OF_HEADER } from "./topics.ts";

/** Reads orders from records. */
export interface RecordDecoder<R> {
  /** Where names get their numbers. */
  readonly names: NameTable;
  /**
   * Adds the order of a record to `into`, or returns in one line why it is none. It must not wait: what it needs was
   * prepared before.
   */
  decode(records: R, row: number, into: OrderColumns): string | undefined;
}

/** Decodes a batch. What cannot be decoded becomes a dead letter. */
export function decodeBatch<R extends TopicRecords>(
  { topic, partition, from, to, records }: FetchedBatch<R>,
  decoder: RecordDecoder<NoInfer<R>>,
): OrderBatch {
  const orders = new OrderColumns({ topic, partition }, records.length, decoder.names);
  const deadLetters: DeadLetter[] = [];
  for (let row = 0; row < records.length; row++) {
    const reason = decoder.decode(records, row, orders);
    if (reason !== undefined) deadLetters.push(deadLetterOf(records.at(row)!, { topic, partition, reason }));
    else if (records.hasHeaders(row)) noteReplay(orders, records.at(row)!);
  }
  return { topic, partition, from, to, orders, deadLetters };
}

function deadLetterOf(
  { offset, key, value, headers, timestamp }: TopicRecord,
  { topic, partition, reason }: { topic: string; partition: number; reason: string },
): DeadLetter {
  return { at: { topic, partition, offset }, key, value, headers, timestamp, reason };
}

/** Anybody may set this header: one that is not a valid order_id is ignored. */
function noteReplay(orders: OrderColumns, { headers }: TopicRecord): void {
  const value = headers.find(([name]) => name === REPLAY_OF_HEADER)?.[1];
  const text = value && new TextDecoder().decode(value);
  if (text && isValidOrderId(text)) orders.setReplayOf(orders.length - 1, text);
}
