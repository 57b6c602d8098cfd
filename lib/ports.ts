import type { Header } from "./header.ts";
import type { StoreView } from "./judge_batch.ts";
import type { Coordinates, Order } from "./order.ts";
import type { OrderColumns } from "./order_columns.ts";
import type { OffsetStore } from "./offset_changes.ts";
import type { OffsetRange } from "./offset_ranges.ts";
import type { Verdicts } from "./verdicts.ts";

/** An order to be sent to Kafka. */
export interface OutgoingOrder {
  order: Order;
  /** The order_id this one is a replay of; travels as the header `replay_of`. */
  replayOf?: string;
  /** Its `created_at` is when it is sent; until then it is that of the order it replays, for the pace. */
  isNew?: boolean;
  /** The replay run that sends it again (`run_mark.ts`); travels as the header `replay_run`. */
  runMark?: string;
  /** The span that sends it, if it is traced; travels as the header `traceparent`. */
  traceparent?: string;
}

/**
 * Puts orders into the topic.
 *
 * `send` keeps the sequence of orders within a partition and resolves once all in-sync replicas have acknowledged every
 * one. It rejects if that is not certain; some of the orders may be in the topic all the same. Calls are serialised by
 * the publisher. The caller closes.
 */
export interface OrderPublisher<T extends OutgoingOrder = OutgoingOrder> {
  send(orders: readonly T[]): Promise<void>;
  close(): Promise<void>;
}

/** Orders that all in-sync replicas of a partition have acknowledged. */
export interface Acknowledged {
  partition: number;
  count: number;
  /** Milliseconds since the call that sent them. */
  ms: number;
}

/** A record as it lies in a topic. */
export interface TopicRecord {
  offset: number;
  /** Milliseconds since the epoch, as the broker has it. */
  timestamp: number;
  key: Uint8Array | null;
  value: Uint8Array | null;
  headers: readonly Header[];
}

/** Records by offset, of which the objects are made when they are asked for. */
export interface TopicRecords extends Iterable<TopicRecord> {
  readonly length: number;
  /** Of each, in milliseconds since the epoch. */
  readonly timestamp: ArrayLike<number>;
  hasHeaders(row: number): boolean;
  /** Undefined beyond the last. */
  at(row: number): TopicRecord | undefined;
}

/** Offsets `[from, to)` of one partition, read together: records, transaction markers and gaps. */
export interface PartitionRange extends OffsetRange {
  topic: string;
  partition: number;
}

/** A batch as it was fetched. */
export interface FetchedBatch<R extends TopicRecords = TopicRecords> extends PartitionRange {
  records: R;
}

/** A decoded batch: each record is an order or a dead letter. */
export interface OrderBatch extends PartitionRange {
  /** As in {@linkcode TopicPartition}. */
  topicId?: string;
  /** By offset. */
  orders: OrderColumns;
  /** By offset. */
  deadLetters: readonly DeadLetter[];
}

/**
 * The partition's position in the store is not where a batch begins: it went on elsewhere, or was reset. Nothing of the
 * batch took effect by this call; reading goes on at the store's position.
 */
export class PositionMoved extends Error {
  override readonly name = "PositionMoved";

  constructor({ topic, partition, from }: PartitionRange, options?: ErrorOptions) {
    super(`Partition ${partition} of ${topic} is not at ${from} any more`, options);
  }
}

/**
 * A partition of a topic; `topicId`, if the brokers give it, distinguishes a topic from an earlier one of the same
 * name.
 */
export interface TopicPartition {
  topic: string;
  topicId: string | undefined;
  partition: number;
}

/**
 * Holds users, stock and what became of each order.
 *
 * `process` is the only way a verdict takes effect. It calls `judge` with a view that no one else changes meanwhile,
 * makes the verdicts durable all together, and only then resolves; a rejected promise means that nothing is known to be
 * durable and the batch has to be processed again: with the same object, if what the rejected call may have done after
 * all is to count as this one's. Processing a batch again is harmless. A store that several consumers share rejects with
 * {@linkcode PositionMoved} where another one was faster, and judges anew where another one was in the way: the last
 * verdicts count.
 * Calls must not overlap, but for those of different partitions on a store that several consumers share. The caller
 * closes, after the last call has settled.
 */
export interface OrderStore {
  process(batch: OrderBatch, judge: (view: StoreView) => Verdicts): Promise<Verdicts>;
  /**
   * Where reading of a partition has to go on, even if the group says otherwise: an offset up to which verdicts are
   * durable, or undefined if the group's own offset will do.
   */
  resumeAt(at: TopicPartition): Promise<number | undefined>;
  /** Changes where reading goes on: the store's half of a reset. */
  readonly offsets: OffsetStore;
  /** Brings the files people look at up to date; called when idle. */
  checkpoint(): Promise<void>;
  close(): Promise<void>;
}

/** A message that is not an order, as it lay in the topic. */
export interface DeadLetter {
  at: Coordinates;
  key: Uint8Array | null;
  value: Uint8Array | null;
  headers: readonly Header[];
  /** Milliseconds since the epoch, as the broker has it. */
  timestamp: number;
  /** Why it is not an order, in one line. */
  reason: string;
}

/** A dead letter as it lies in the dead-letter topic, as far as it says where it came from. */
export interface StoredDeadLetter extends Omit<DeadLetter, "at" | "reason"> {
  /** Offset in the dead-letter topic. */
  offset: number;
  origin: Coordinates | undefined;
  reason: string | undefined;
}

/**
 * Sets aside records that are not orders.
 *
 * `send` resolves once all are acknowledged; calls may overlap. Sending the same ones again is harmless: their origin
 * identifies them.
 */
export interface DeadLetterSink {
  send(deadLetters: readonly DeadLetter[]): Promise<void>;
}
