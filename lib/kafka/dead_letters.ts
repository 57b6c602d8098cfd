import { Buffer } from "node:buffer";
import { CompressionTypes, type IHeaders, type Kafka, type Message, type Producer } from "kafkajs";
import { EXIT, Outage } from "../errors.ts";
import type { DeadLetter, DeadLetterSink } from "../ports.ts";
import { deadLetterTopic } from "../topics.ts";
import { disconnect } from "./disconnect.ts";
import { messageOf } from "./failures.ts";
import { refusal } from "./rights.ts";

/** What Kafka Connect calls itself in its dead letters; the headers are Connect's, so its tools can read ours. */
export const ERROR_HEADERS = "__connect.errors.";
const STAGE = "VALUE_CONVERTER";
/** The dead-letter topic has one partition: letters keep the order they were found in. */
export const DEAD_LETTER_PARTITION = 0;
/** Letters in one send, in bytes and in number; well below the broker's limit for a batch, which kafkajs ignores. */
const MAX_BYTES = 512 * 1024;
const MAX_LETTERS = 2_000;
/** What a letter takes beside key, value and the headers it came with, generously. */
const LETTER_OVERHEAD_BYTES = 600;
/** What kafkajs takes for a header until it is sent. */
const HEADER_OVERHEAD_BYTES = 1_400;

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
        for (const chunk of chunksOf(ofTopic)) await this.#sendChunk(topic, chunk);
      } catch (cause) {
        await this.close();
        throw new Outage(EXIT.unavailable, this.#complaint(deadLetterTopic(topic), cause), { cause });
      }
    }
  }

  async #sendChunk(topic: string, letters: readonly DeadLetter[]): Promise<void> {
    const producer = await this.#connected();
    // A letter that is large alone may have come out of a compressed batch; only so it fits in again.
    const isLarge = sizeOf(letters[0]) > MAX_BYTES;
    const compression = isLarge ? CompressionTypes.GZIP : CompressionTypes.None;
    await producer.send({ topic: deadLetterTopic(topic), acks: -1, compression, messages: letters.map(toMessage) });
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    if (producer !== undefined) await disconnect(producer);
  }

  #complaint(topic: string, cause: unknown): string {
    const isTooLarge = cause instanceof Error && "type" in cause && cause.type === "MESSAGE_TOO_LARGE";
    const remedy = isTooLarge ? `; raise max.message.bytes of ${topic}, this goes on by itself then` : "";
    const refused = refusal(cause, this.#kafka, { topic, operation: "Write" });
    return `Cannot send to ${topic}: ${messageOf(refused ?? cause)}${remedy}`;
  }

  async #connected(): Promise<Producer> {
    if (this.#producer !== undefined) return this.#producer;
    const producer = this.#kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    return this.#producer = producer;
  }
}

/** `letters` in sends that the broker takes, one that is larger by itself. */
function* chunksOf(letters: readonly DeadLetter[]): Generator<readonly DeadLetter[]> {
  let start = 0;
  let bytes = 0;
  for (const [index, letter] of letters.entries()) {
    const size = sizeOf(letter);
    if (index > start && (index - start === MAX_LETTERS || bytes + size > MAX_BYTES)) {
      yield letters.slice(start, index);
      start = index;
      bytes = 0;
    }
    bytes += size;
  }
  yield letters.slice(start);
}

function sizeOf({ key, value, headers }: DeadLetter): number {
  let inHeaders = 0;
  for (const [name, header] of Object.entries(headers)) {
    const values = Array.isArray(header) ? header : [header];
    inHeaders += values.length * (HEADER_OVERHEAD_BYTES + 3 * name.length);
    for (const value of values) inHeaders += value?.length ?? 0;
  }
  return LETTER_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0) + inHeaders;
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
    key: key === null ? null : asBuffer(key),
    value: value === null ? null : asBuffer(value),
    timestamp: String(timestamp),
    headers: { ...headers as IHeaders, ...Object.fromEntries(errorHeaders) },
  };
}

/** The same bytes, not a copy of them. */
function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
