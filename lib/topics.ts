/** Names, keys and headers of everything this system puts into Kafka. */

/** Partitions of `orders` when `up` or the first command creates it. */
export const ORDERS_PARTITIONS = 3;

/** Registry subject of a topic's values (Confluent's TopicNameStrategy). */
export function valueSubject(topic: string): string {
  return `${topic}-value`;
}

/** The topic for the dead letters of `topic`. */
export function deadLetterTopic(topic: string): string {
  return `${topic}.dlq`;
}

/** Whether `topic` is a topic of dead letters. */
export function isDeadLetterTopic(topic: string): boolean {
  return topic.endsWith(deadLetterTopic(""));
}

/** Header of a replayed order: the `order_id` it is a replay of. */
export const REPLAY_OF_HEADER = "replay_of";

/** Header of a redriven record: the replay's run and which record of its slice this is, see `run_mark.ts`. */
export const REPLAY_RUN_HEADER = "replay_run";
/** Header of W3C Trace Context: the span that sent the record. Only there if telemetry is on. */
export const TRACEPARENT_HEADER = "traceparent";
/** Header of a dead letter whose record had more headers than are kept: how many were left out. */
export const LEFT_OUT_HEADER = "order_pipeline.headers_left_out";

/** What the key of an order message is made of; `same` is one key for all, so all are in one partition. */
export const ORDER_KEYS = ["item", "user", "same", "none"] as const;
export type OrderKey = (typeof ORDER_KEYS)[number];
/** The key that all orders have with `same`. */
export const SAME_KEY = "order";
