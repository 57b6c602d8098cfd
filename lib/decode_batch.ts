import type { Header } from "./header.ts";
import { isValidOrderId, type Order, type ReceivedOrder } from "./order.ts";
import type { DeadLetter, FetchedBatch, OrderBatch, TopicRecord } from "./ports.ts";
import { REPLAY_OF_HEADER } from "./topics.ts";

/**
 * Decodes a batch. `decode` gets a record's value and timestamp and must not wait: what it needs was prepared before.
 * What it cannot decode becomes a dead letter.
 */
export function decodeBatch<R extends TopicRecord>(
  { topic, partition, from, to, records }: FetchedBatch<R>,
  decode: (value: R["value"], timestamp: number) => { order: Order } | { undecodable: string },
): OrderBatch {
  const orders: ReceivedOrder[] = [];
  const deadLetters: DeadLetter[] = [];
  for (const record of records) {
    const at = { topic, partition, offset: record.offset };
    const decoded = decode(record.value, record.timestamp);
    if ("order" in decoded) {
      orders.push({ order: decoded.order, at, replayOf: replayOf(record.headers) });
    } else {
      const { key, value, headers, timestamp } = record;
      deadLetters.push({ at, key, value, headers, timestamp, reason: decoded.undecodable });
    }
  }
  return { topic, partition, from, to, orders, deadLetters };
}

/** Anybody may set this header: one that is not a valid order_id is ignored. */
function replayOf(headers: readonly Header[]): string | undefined {
  if (headers.length === 0) return undefined; // true of most records
  const value = headers.find(([name]) => name === REPLAY_OF_HEADER)?.[1];
  const text = value && new TextDecoder().decode(value);
  return text && isValidOrderId(text) ? text : undefined;
}
