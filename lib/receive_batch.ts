import type { Header } from "./header.ts";
import { isValidOrderId, type Order, type ReceivedOrder } from "./order.ts";
import type { DeadLetter, OrderBatch } from "./ports.ts";
import { REPLAY_OF_HEADER } from "./topics.ts";

/** A record as the broker has it. */
export interface RawRecord {
  offset: number;
  /** Milliseconds since the epoch. */
  timestamp: number;
  key: Uint8Array | null;
  value: Uint8Array | null;
  headers: readonly Header[];
}

/** Records of one partition; `[from, to)` covers every offset between. */
export interface RawBatch<R extends RawRecord> {
  topic: string;
  partition: number;
  from: number;
  to: number;
  records: readonly R[];
}

/** A batch, sorted. */
export interface ReceivedBatch {
  batch: OrderBatch;
  /** The messages that are no orders. */
  letters: DeadLetter[];
}

/**
 * Sorts a batch into orders and messages that are none. `decode` must not wait: what it needs is prepared before. It is
 * told a record's value and timestamp.
 */
export function receiveBatch<R extends RawRecord>(
  { topic, partition, from, to, records }: RawBatch<R>,
  decode: (value: R["value"], timestamp: number) => { order: Order } | { undecodable: string },
): ReceivedBatch {
  const orders: ReceivedOrder[] = [];
  const letters: DeadLetter[] = [];
  for (const record of records) {
    const at = { topic, partition, offset: record.offset };
    const decoded = decode(record.value, record.timestamp);
    if ("order" in decoded) {
      orders.push({ order: decoded.order, at, replayOf: replayOf(record.headers) });
    } else {
      const { key, value, headers, timestamp } = record;
      letters.push({ at, key, value, headers, timestamp, reason: decoded.undecodable });
    }
  }
  return { batch: { topic, partition, from, to, orders }, letters };
}

/** A header is anybody's: one that is no order_id says nothing. */
function replayOf(headers: readonly Header[]): string | undefined {
  if (headers.length === 0) return undefined; // as it is with most
  const value = headers.find(([name]) => name === REPLAY_OF_HEADER)?.[1];
  const text = value && new TextDecoder().decode(value);
  return text && isValidOrderId(text) ? text : undefined;
}
