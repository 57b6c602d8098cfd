import type { Kafka } from "kafkajs";
import { EXIT, messageOf, Outage } from "../../errors.ts";
import type { DeadLetter, DeadLetterSink } from "../../ports.ts";
import { deadLetterTopic } from "../../topics.ts";
import { BatchProducer, isTooLarge } from "../produce/batch_producer.ts";
import { disconnect } from "../client/disconnect.ts";
import { errorHeaders } from "./error_headers.ts";
import { type OutgoingRecord, recordSize } from "../protocol/record_writer.ts";
import { accessDenied } from "../client/rights.ts";

/** The dead-letter topic has one partition, so dead letters stay in the sequence in which they were found. */
export const DEAD_LETTER_PARTITION = 0;
/** Bytes of dead letters per send; well below the broker's default limit for a batch. */
const MAX_BYTES = 512 * 1024;
/**
 * How long a send is retried before its batch is handled again from the start: the member has to send heartbeats in
 * between.
 */
const PATIENCE_MS = 5_000;

/**
 * Sends undecodable records to `<topic>.dlq`: raw key, value and headers, plus where they came from and why.
 *
 * Connects on the first dead letter. A broker that does not take them is an {@linkcode Outage}: no dead letter is lost,
 * because their batch is handled again. Permission: net; at the broker WRITE on the dead-letter topic.
 */
export class DeadLetterTopic implements DeadLetterSink {
  readonly #kafka: Kafka;
  /** By dead-letter topic. */
  readonly #producers = new Map<string, BatchProducer>();
  /** The last call. */
  #settled: Promise<void> = Promise.resolve();

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  /** Calls wait for one another: batches of several partitions may be handled at once, and their numbers must not mix. */
  send(deadLetters: readonly DeadLetter[]): Promise<void> {
    const sent = this.#settled.then(() => this.#send(deadLetters));
    this.#settled = sent.catch(() => {});
    return sent;
  }

  /** After the last call has settled. */
  async close(): Promise<void> {
    await this.#settled;
    await this.#disconnect();
  }

  async #send(deadLetters: readonly DeadLetter[]): Promise<void> {
    for (const [origin, ofTopic] of Map.groupBy(deadLetters, ({ at }) => at.topic)) {
      const topic = deadLetterTopic(origin);
      try {
        const producer = await this.#producer(topic);
        for (const chunk of chunksOf(ofTopic)) await sendChunk(producer, chunk);
      } catch (cause) {
        await this.#disconnect();
        throw new Outage(EXIT.unavailable, this.#complaint(topic, cause), { cause });
      }
    }
  }

  async #disconnect(): Promise<void> {
    const producers = [...this.#producers.values()];
    this.#producers.clear();
    for (const producer of producers) await disconnect(producer);
  }

  #complaint(topic: string, cause: unknown): string {
    const remedy = isTooLarge(cause) ? `; raise max.message.bytes of ${topic}, this goes on by itself then` : "";
    const denied = accessDenied(cause, this.#kafka, { topic, operation: "Write" });
    return `Cannot send to ${topic}: ${messageOf(denied ?? cause)}${remedy}`;
  }

  async #producer(topic: string): Promise<BatchProducer> {
    let producer = this.#producers.get(topic);
    if (producer === undefined) this.#producers.set(topic, producer = await BatchProducer.connect(this.#kafka, topic));
    return producer;
  }
}

async function sendChunk(producer: BatchProducer, records: readonly OutgoingRecord[]): Promise<void> {
  try {
    await producer.send(DEAD_LETTER_PARTITION, records, {
      deadline: Date.now() + PATIENCE_MS,
      // A large dead letter may come from a compressed batch, and then it only fits if compressed again.
      compressed: recordSize(records[0]) > MAX_BYTES,
    });
  } catch (error) {
    if (!isTooLarge(error) || records.length === 1) throw error;
    const half = records.length >> 1;
    await sendChunk(producer, records.slice(0, half));
    await sendChunk(producer, records.slice(half));
  }
}

/** `deadLetters` in chunks that brokers take by default; a larger one goes by itself. */
function* chunksOf(deadLetters: readonly DeadLetter[]): Generator<readonly OutgoingRecord[]> {
  let records: OutgoingRecord[] = [];
  let bytes = 0;
  for (const deadLetter of deadLetters) {
    const record = toRecord(deadLetter);
    const size = recordSize(record);
    if (records.length > 0 && bytes + size > MAX_BYTES) {
      yield records;
      records = [];
      bytes = 0;
    }
    records.push(record);
    bytes += size;
  }
  yield records;
}

function toRecord({ at, key, value, headers, timestamp, reason }: DeadLetter): OutgoingRecord {
  return { key, value, timestamp, headers: [...headers, ...errorHeaders({ at, reason })] };
}
