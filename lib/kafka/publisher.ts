import { Buffer } from "node:buffer";
import { setTimeout as delay } from "node:timers/promises";
import { type IHeaders, type Kafka, Partitioners, type PartitionMetadata, type Producer } from "kafkajs";
import { EXIT, Failure } from "../errors.ts";
import type { OrderPublisher, OutgoingOrder } from "../ports.ts";
import { type OrderKey, REPLAY_OF_HEADER, REPLAY_RUN_HEADER } from "../topics.ts";
import { createKafka } from "./client.ts";
import { disconnect } from "./disconnect.ts";
import { maxMessageBytes, partitionsOf } from "./topics_admin.ts";

// kafkajs copies its list of messages once for each message it adds, so larger sends are slower: 74,000 orders/s at
// 2,000 a send, 43,000 at 10,000.
const MAX_RECORDS = 2_000;
/** Well below the broker's default limit of 1 MiB for a batch, which kafkajs does not split by. */
const MAX_BYTES = 512 * 1024;
/** Headers and lengths of one record, generously. */
const RECORD_OVERHEAD_BYTES = 300;
/** How long one send may take, with all its retries; the Java producer's `delivery.timeout.ms`. */
const DELIVERY_TIMEOUT_MS = 120_000;
const RETRY_MS = 500;
/** kafkajs waits up to 30 s between its attempts by default, long after the broker is back. */
const QUICK_RETRIES = { initialRetryTime: 100, maxRetryTime: 1_000 };

/** Broker errors that mean the producer's sequence numbers are lost, not that the records are bad. */
const PRODUCER_STATE_ERRORS = [
  "OUT_OF_ORDER_SEQUENCE_NUMBER",
  "DUPLICATE_SEQUENCE_NUMBER",
  "INVALID_PRODUCER_EPOCH",
  "INVALID_PRODUCER_ID_MAPPING",
  "UNKNOWN_PRODUCER_ID",
];
const TOO_LARGE_ERRORS = ["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"];

export interface PublisherOptions<T extends OutgoingOrder> {
  brokers: string[];
  /** Must exist, see `ensureTopics`. */
  topic: string;
  key: OrderKey;
  /** The message value. */
  encode(outgoing: T): Buffer;
}

/** A kafkajs message whose partition is chosen. */
export interface Addressed {
  partition: number;
  key: string | Buffer | null;
  value: Buffer | null;
  headers: IHeaders;
}

/** Connects a {@linkcode Publisher}. Permissions: net, env as `createKafka`; at the broker DESCRIBE and WRITE. */
export async function createPublisher<T extends OutgoingOrder>(options: PublisherOptions<T>): Promise<Publisher<T>> {
  const publisher = new Publisher(options);
  try {
    await publisher.connect();
  } catch (error) {
    await publisher.close();
    throw error;
  }
  return publisher;
}

/**
 * Sends orders with an idempotent producer, acknowledged by all in-sync replicas; see {@linkcode OrderPublisher}.
 *
 * Orders of one key go to the partition a Java client would choose (murmur2); without keys they are spread evenly.
 * While the brokers are away a send is repeated for up to two minutes. A repeat after an unclear answer can put an order
 * into the topic twice, with the same `order_id`, of which one is accepted.
 */
export class Publisher<T extends OutgoingOrder> implements OrderPublisher<T> {
  readonly #options: PublisherOptions<T>;
  readonly #kafka: Kafka;
  readonly #choosePartition = Partitioners.DefaultPartitioner();
  #producer: Producer | undefined;
  #partitions: PartitionMetadata[] = [];
  #nextUnkeyed = 0;
  #settled: Promise<void> = Promise.resolve();

  constructor(options: PublisherOptions<T>) {
    this.#options = options;
    this.#kafka = createKafka(options.brokers, { retry: QUICK_RETRIES });
  }

  async connect(): Promise<void> {
    await this.#connected();
  }

  send(orders: readonly T[]): Promise<void> {
    return this.#inTurn(() => this.#sendAll(this.#address(orders)));
  }

  /** Sends messages as they are, each to its partition; as sure as {@linkcode send}. */
  sendAddressed(messages: readonly Addressed[]): Promise<void> {
    return this.#inTurn(() => this.#sendAll(messages));
  }

  async close(): Promise<void> {
    await this.#settled;
    await this.#dropProducer();
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#settled.then(work);
    this.#settled = done.catch(() => {});
    return done;
  }

  async #sendAll(all: readonly Addressed[]): Promise<void> {
    const byPartition = Map.groupBy(all, ({ partition }) => partition);
    for (const messages of byPartition.values()) {
      for (const chunk of chunksOf(messages)) await this.#deliver(chunk);
    }
  }

  #address(orders: readonly T[]): Addressed[] {
    const { key, encode } = this.#options;
    const run = Math.ceil(orders.length / this.#partitions.length);
    return orders.map((outgoing, index) => ({
      key: key === "none" ? null : outgoing.order[key],
      value: encode(outgoing),
      partition: key === "none" ? this.#unkeyedPartition(index % run === 0) : this.#keyedPartition(outgoing.order[key]),
      headers: headersOf(outgoing),
    }));
  }

  #keyedPartition(key: string): number {
    const { topic } = this.#options;
    return this.#choosePartition({ topic, partitionMetadata: this.#partitions, message: { key, value: null } });
  }

  /** The same partition for a run of messages, so that a send is not torn into pieces; then the next one. */
  #unkeyedPartition(startsRun: boolean): number {
    if (startsRun) this.#nextUnkeyed++;
    return this.#nextUnkeyed % this.#partitions.length;
  }

  /** Resolves when the messages, all of one partition, are known to be in the topic. */
  async #deliver(messages: Addressed[]): Promise<void> {
    const deadline = Date.now() + DELIVERY_TIMEOUT_MS;
    while (true) {
      try {
        return await this.#attempt(messages);
      } catch (error) {
        // The broker may have the records or not, so the next sequence number is anyone's guess; with a wrong one it
        // takes other records for a repeat of these and acknowledges them unwritten.
        await this.#dropProducer();
        const refusal = brokerError(error);
        if (refusal !== undefined && TOO_LARGE_ERRORS.includes(refusal.type)) {
          return await this.#deliverInParts(messages, error);
        }
        const final = refusal !== undefined && !refusal.retriable && !PRODUCER_STATE_ERRORS.includes(refusal.type);
        if (final || Date.now() > deadline) throw this.#failure(final, error);
        await delay(RETRY_MS);
      }
    }
  }

  /** One send to one partition: kafkajs loses messages where one over several partitions is retried. */
  async #attempt(messages: Addressed[]): Promise<void> {
    const { topic } = this.#options;
    const { partition } = messages[0];
    const producer = await this.#connected();
    const answers = await producer.send({ topic, messages, acks: -1 });
    const named = answers.some((answer) =>
      answer.topicName === topic && answer.partition === partition && answer.errorCode === 0
    );
    if (!named) throw new Error(`The broker's answer does not name partition ${partition} of ${topic}`);
  }

  #failure(final: boolean, cause: unknown): Failure {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `Cannot send to topic ${this.#options.topic}: ${why}`;
    return new Failure(final ? EXIT.failed : EXIT.unavailable, message, { cause });
  }

  async #deliverInParts(messages: Addressed[], cause: unknown): Promise<void> {
    if (messages.length === 1) throw await this.#tooLarge(messages[0], cause);
    const half = messages.length >> 1;
    await this.#deliver(messages.slice(0, half));
    await this.#deliver(messages.slice(half));
  }

  async #tooLarge(message: Addressed, cause: unknown): Promise<Failure> {
    const { topic } = this.#options;
    const limit = await maxMessageBytes(this.#kafka, topic) ?? "fewer";
    const size = `an order of ${message.value?.length} bytes`;
    return new Failure(EXIT.usage, `Cannot send ${size}: topic ${topic} takes ${limit} (max.message.bytes)`, { cause });
  }

  async #connected(): Promise<Producer> {
    if (this.#producer !== undefined) return this.#producer;
    this.#partitions = await partitionsOf(this.#kafka, this.#options.topic);
    const producer = this.#kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      // Only within its own retries a repeat is sure not to double; by default kafkajs gives up after five.
      retry: { ...QUICK_RETRIES, retries: 100 },
      createPartitioner: () => ({ message }) => message.partition!,
    });
    this.#producer = producer; // before it is connected: a failure half-way leaves something to close
    await producer.connect();
    return producer;
  }

  async #dropProducer(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    if (producer !== undefined) await disconnect(producer);
  }
}

function headersOf({ replayOf, runMark }: OutgoingOrder): IHeaders {
  const headers: IHeaders = {};
  if (replayOf !== undefined) headers[REPLAY_OF_HEADER] = replayOf;
  if (runMark !== undefined) headers[REPLAY_RUN_HEADER] = runMark;
  return headers;
}

/** `messages` in sends of a size that kafkajs is fast with and the broker takes. */
function* chunksOf(messages: Addressed[]): Generator<Addressed[]> {
  let start = 0;
  let bytes = 0;
  for (const [index, message] of messages.entries()) {
    const size = (message.value?.length ?? 0) + 3 * (message.key?.length ?? 0) + RECORD_OVERHEAD_BYTES;
    if (index > start && (index - start === MAX_RECORDS || bytes + size > MAX_BYTES)) {
      yield messages.slice(start, index);
      start = index;
      bytes = 0;
    }
    bytes += size;
  }
  if (start < messages.length) yield messages.slice(start);
}

/** The broker's own error at the bottom of what kafkajs threw; undefined where no broker answered. */
function brokerError(error: unknown): { type: string; retriable: boolean } | undefined {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    if ("type" in inner && typeof inner.type === "string") {
      return { type: inner.type, retriable: "retriable" in inner && inner.retriable === true };
    }
  }
}
