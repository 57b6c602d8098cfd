import { Buffer } from "node:buffer";
import type { IHeaders, Kafka, Message, Producer } from "kafkajs";
import { EXIT, Outage } from "../errors.ts";
import type { DeadLetter, DeadLetterSink } from "../ports.ts";
import { deadLetterTopic } from "../topics.ts";
import { disconnect } from "./disconnect.ts";

/** What Kafka Connect calls itself in its dead letters; the headers are Connect's, so its tools can read ours. */
export const ERROR_HEADERS = "__connect.errors.";
const STAGE = "VALUE_CONVERTER";
/** The dead-letter topic has one partition: letters keep the order they were found in. */
export const DEAD_LETTER_PARTITION = 0;

/**
 * Sends undecodable messages to `<topic>.dlq`: raw key, value and headers, plus where they come from and why.
 *
 * Connects with the first letter. A broker that does not take them is an {@linkcode Outage}: the letters are not lost,
 * their batch is handled again. Permission: net; at the broker WRITE on the dead-letter topic.
 */
export class DeadLetterTopic implements DeadLetterSink {
  readonly #kafka: Kafka;
  #producer: Producer | undefined;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  async send(letters: readonly DeadLetter[]): Promise<void> {
    for (const [topic, ofTopic] of Map.groupBy(letters, ({ at }) => at.topic)) {
      try {
        const producer = await this.#connected();
        await producer.send({ topic: deadLetterTopic(topic), acks: -1, messages: ofTopic.map(toMessage) });
      } catch (cause) {
        await this.close();
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new Outage(EXIT.unavailable, `Cannot send to ${deadLetterTopic(topic)}: ${why}`, { cause });
      }
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    if (producer !== undefined) await disconnect(producer);
  }

  async #connected(): Promise<Producer> {
    if (this.#producer !== undefined) return this.#producer;
    const producer = this.#kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    return this.#producer = producer;
  }
}

function toMessage({ at, key, value, headers, timestamp, reason }: DeadLetter): Message {
  const errors = {
    topic: at.topic,
    partition: at.partition,
    offset: at.offset,
    stage: STAGE,
    "exception.message": reason,
  };
  const errorHeaders = Object.entries(errors).map(([name, said]) => [ERROR_HEADERS + name, String(said)]);
  return {
    partition: DEAD_LETTER_PARTITION,
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    timestamp: String(timestamp),
    headers: { ...headers as IHeaders, ...Object.fromEntries(errorHeaders) },
  };
}
