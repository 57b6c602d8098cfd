import { Buffer } from "node:buffer";
import { type Kafka, Partitioners, type PartitionMetadata } from "kafkajs";
import type { KafkaConnection } from "../../connections.ts";
import { EXIT, Failure, messageOf } from "../../errors.ts";
import { NO_HEADERS } from "../../header.ts";
import { patiently } from "../../patiently.ts";
import type { Acknowledged, OrderPublisher, OutgoingOrder } from "../../ports.ts";
import { type OrderKey, REPLAY_OF_HEADER, REPLAY_RUN_HEADER, SAME_KEY, TRACEPARENT_HEADER } from "../../topics.ts";
import { BatchProducer, isTooLarge } from "./batch_producer.ts";
import { brokerErrorType, hasLostState } from "./lost_state.ts";
import { createKafka } from "../client/client.ts";
import { disconnect } from "../client/disconnect.ts";
import { type OutgoingRecord, recordSize } from "../protocol/record_writer.ts";
import { accessDenied, requireRights } from "../client/rights.ts";
import { maxMessageBytes, partitionsOf } from "../client/topics_admin.ts";

/** Well below the broker's default limit of 1 MiB for a batch. */
const MAX_BYTES = 512 * 1024;
/** How long one send may take with all its retries, as the Java producer's `delivery.timeout.ms`. */
const DELIVERY_TIMEOUT_MS = 120_000;
const RETRY_MS = 500;
/** By default kafkajs waits up to 30 s between attempts, long after the broker is back. */
const QUICK_RETRIES = { initialRetryTime: 100, maxRetryTime: 1_000 };

export interface PublisherOptions<T extends OutgoingOrder> {
  connection: KafkaConnection;
  /** Must exist, see `ensureTopics`. */
  topic: string;
  key: OrderKey;
  /** The message value. */
  encode(outgoing: T): Buffer;
  onAcknowledged?(acknowledged: Acknowledged): void;
}

/** A record with its partition. */
export interface Addressed extends OutgoingRecord {
  partition: number;
}

/** What records with one key have in common; cached, because there are fewer items than orders. */
interface Address {
  key: Buffer;
  partition: number;
}

/** The most addresses cached. */
const MAX_ADDRESSES = 10_000;

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
 * Orders with the same key go to the partition a Java client would choose (murmur2); without keys they are spread
 * evenly. While the brokers are away a send is retried for up to two minutes. Only if a broker has lost its producer
 * state can a retry put an order into the topic twice; of the same `order_id` only one is accepted.
 */
export class Publisher<T extends OutgoingOrder> implements OrderPublisher<T> {
  readonly #options: PublisherOptions<T>;
  readonly #kafka: Kafka;
  readonly #choosePartition = Partitioners.DefaultPartitioner();
  readonly #addresses = new Map<string, Address>();
  #producer: BatchProducer | undefined;
  #partitions: PartitionMetadata[] = [];
  #nextUnkeyed = 0;
  /** When the send under way was called. */
  #calledAt = 0;
  #settled: Promise<void> = Promise.resolve();

  constructor(options: PublisherOptions<T>) {
    this.#options = options;
    this.#kafka = createKafka(options.connection, { retry: QUICK_RETRIES });
  }

  /** The topic's number of partitions when this connected. */
  get partitionCount(): number {
    return this.#partitions.length;
  }

  async connect(): Promise<void> {
    const { topic } = this.#options;
    try {
      await requireRights(this.#kafka, { [topic]: "Write" });
      this.#partitions = await partitionsOf(this.#kafka, topic);
      this.#producer = await BatchProducer.connect(this.#kafka, topic);
    } catch (error) {
      throw accessDenied(error, this.#kafka, { topic, operation: "Write" }) ?? error;
    }
  }

  send(orders: readonly T[]): Promise<void> {
    return this.#inTurn(() => {
      const byPartition = this.#byPartition(orders).entries();
      return this.#sendAll(byPartition.map(([partition, some]) => [partition, this.#records(some)]));
    });
  }

  /** Sends records unchanged, each to its partition, with the guarantees of {@linkcode send}. */
  sendAddressed(records: readonly Addressed[]): Promise<void> {
    return this.#inTurn(() => this.#sendAll(Map.groupBy(records, ({ partition }) => partition)));
  }

  async close(): Promise<void> {
    await this.#settled;
    if (this.#producer !== undefined) await disconnect(this.#producer);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#settled.then(() => {
      this.#calledAt = performance.now();
      return work();
    });
    this.#settled = done.catch(() => {});
    return done;
  }

  /** Partitions in parallel, one send after the other in each: encoding goes on while brokers write. */
  async #sendAll(byPartition: Iterable<[number, Iterable<OutgoingRecord>]>): Promise<void> {
    const deliveries = Array.from(byPartition, ([partition, records]) => this.#deliverAll(partition, records));
    for (const delivery of await Promise.allSettled(deliveries)) {
      if (delivery.status === "rejected") throw delivery.reason;
    }
  }

  #byPartition(orders: readonly T[]): Map<number, T[]> {
    const run = Math.ceil(orders.length / this.#partitions.length);
    return Map.groupBy(orders, (outgoing, index) => {
      const key = this.#keyOf(outgoing);
      return key === null ? this.#unkeyedPartition(index % run === 0) : this.#address(key).partition;
    });
  }

  async #deliverAll(partition: number, all: Iterable<OutgoingRecord>): Promise<void> {
    let records: OutgoingRecord[] = [];
    let bytes = 0;
    for (const record of all) {
      const size = recordSize(record);
      if (records.length > 0 && bytes + size > MAX_BYTES) {
        await this.#deliver(partition, records);
        records = [];
        bytes = 0;
      }
      records.push(record);
      bytes += size;
    }
    if (records.length > 0) await this.#deliver(partition, records);
  }

  /** Encoded lazily, so that the first ones are being sent meanwhile. */
  *#records(orders: readonly T[]): Generator<OutgoingRecord> {
    const { encode } = this.#options;
    for (const outgoing of orders) {
      const key = this.#keyOf(outgoing);
      yield {
        key: key === null ? null : this.#address(key).key,
        value: encode(outgoing),
        headers: headersOf(outgoing),
      };
    }
  }

  #keyOf({ order }: OutgoingOrder): string | null {
    const { key } = this.#options;
    if (key === "none") return null;
    return key === "same" ? SAME_KEY : order[key];
  }

  #address(key: string): Address {
    let address = this.#addresses.get(key);
    if (address === undefined) {
      const { topic } = this.#options;
      const message = { key, value: null };
      const partition = this.#choosePartition({ topic, partitionMetadata: this.#partitions, message });
      if (this.#addresses.size >= MAX_ADDRESSES) this.#addresses.clear();
      this.#addresses.set(key, address = { key: Buffer.from(key), partition });
    }
    return address;
  }

  /** The same partition for a run of records, so that sends stay large; then the next one. */
  #unkeyedPartition(startsRun: boolean): number {
    if (startsRun) this.#nextUnkeyed++;
    return this.#nextUnkeyed % this.#partitions.length;
  }

  /** Resolves when the records are known to be in the topic. */
  async #deliver(partition: number, records: OutgoingRecord[]): Promise<void> {
    const producer = this.#producer!; // connected by createPublisher
    const deadline = Date.now() + DELIVERY_TIMEOUT_MS;
    const patience = { forMs: DELIVERY_TIMEOUT_MS, everyMs: RETRY_MS, passes: hasLostState };
    try {
      await patiently(() => producer.send(partition, records, { deadline }), patience);
    } catch (error) {
      if (isTooLarge(error)) return await this.#deliverInParts(partition, records, error);
      throw this.#failure(error);
    }
    this.#options.onAcknowledged?.({ partition, count: records.length, ms: performance.now() - this.#calledAt });
  }

  #failure(cause: unknown): Failure {
    const { topic } = this.#options;
    const denied = accessDenied(cause, this.#kafka, { topic, operation: "Write" });
    if (denied !== undefined) return denied;
    const message = `Cannot send to topic ${topic}: ${messageOf(cause)}`;
    return new Failure(brokerErrorType(cause) === undefined ? EXIT.unavailable : EXIT.failed, message, { cause });
  }

  async #deliverInParts(partition: number, records: OutgoingRecord[], cause: unknown): Promise<void> {
    if (records.length === 1) throw await this.#tooLarge(records[0], cause);
    const half = records.length >> 1;
    await this.#deliver(partition, records.slice(0, half));
    await this.#deliver(partition, records.slice(half));
  }

  async #tooLarge(record: OutgoingRecord, cause: unknown): Promise<Failure> {
    const { topic } = this.#options;
    const limit = await maxMessageBytes(this.#kafka, topic) ?? "fewer";
    const size = `an order of ${record.value?.length} bytes`;
    return new Failure(EXIT.usage, `Cannot send ${size}: topic ${topic} takes ${limit} (max.message.bytes)`, { cause });
  }
}

function headersOf({ replayOf, runMark, traceparent }: OutgoingOrder): OutgoingRecord["headers"] {
  if ((replayOf ?? runMark ?? traceparent) === undefined) return NO_HEADERS;
  const headers: [string, string][] = [];
  if (replayOf !== undefined) headers.push([REPLAY_OF_HEADER, replayOf]);
  if (runMark !== undefined) headers.push([REPLAY_RUN_HEADER, runMark]);
  if (traceparent !== undefined) headers.push([TRACEPARENT_HEADER, traceparent]);
  return headers;
}
