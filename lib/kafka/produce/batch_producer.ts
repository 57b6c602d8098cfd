import type { Buffer } from "node:buffer";
import { setTimeout as delay } from "node:timers/promises";
import type { Kafka } from "kafkajs";
import Encoder from "kafkajs/src/protocol/encoder.js";
import response from "kafkajs/src/protocol/requests/produce/v7/response.js";
import { causesOf } from "../../errors.ts";
import { isTransient } from "../client/failures.ts";
import {
  ask,
  connectCluster,
  type InternalBroker,
  type InternalCluster,
  type RawResponse,
} from "../client/internal_cluster.ts";
import { type BatchIdentity, type OutgoingRecord, writeRecordBatch } from "../protocol/record_writer.ts";

// Produce version 7 of the Kafka protocol: the last that kafkajs supports; brokers have it since Kafka 2.1.
const PRODUCE = { apiKey: 0, apiVersion: 7, apiName: "Produce" };
const ALL_REPLICAS = -1;
/** How long a broker may wait for its replicas, in milliseconds. */
const ACK_TIMEOUT_MS = 30_000;
/** Delay between attempts, in milliseconds. */
const RETRY_MS = 100;
const SEQUENCE_LIMIT = 2 ** 31;
const TOO_LARGE_ERRORS = ["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"];

/** A broker's answer, as kafkajs reads it. */
export interface ProduceAnswer {
  topics: { topicName: string; partitions: { partition: number; errorCode: number }[] }[];
}

export interface SendOptions {
  /** Milliseconds since the epoch. */
  deadline: number;
  /** Compresses with gzip; not compressed by default. */
  compressed?: boolean;
}

/**
 * An idempotent producer for one topic, acknowledged by all in-sync replicas.
 *
 * A send is retried with exactly the same bytes, including its sequence number, so the broker recognises a repeat and a
 * record is in the topic once. Connections, leaders and producer ids come from kafkajs. Its own producer is not used,
 * because it encodes slowly (`record_writer.ts`) and loses records when it retries over several partitions. Sends to
 * different partitions may overlap, sends to the same one must not. The caller disconnects. Permissions: net; at the
 * broker DESCRIBE and WRITE on the topic.
 */
export class BatchProducer {
  readonly #cluster: InternalCluster;
  readonly #topic: string;
  /** The producer id for a partition, and the sequence number of its next record. */
  readonly #writers = new Map<number, BatchIdentity>();

  private constructor(cluster: InternalCluster, topic: string) {
    this.#cluster = cluster;
    this.#topic = topic;
  }

  static async connect(kafka: Kafka, topic: string): Promise<BatchProducer> {
    const cluster = await connectCluster(kafka);
    try {
      await cluster.addTargetTopic(topic);
      return new BatchProducer(cluster, topic);
    } catch (error) {
      await cluster.disconnect();
      throw error;
    }
  }

  /**
   * Resolves when the records are in the partition; transient errors are retried until the deadline.
   *
   * After an error the broker may or may not have the records, so the next sequence number is unknown. With a wrong
   * one, the broker would take other records for a repeat of these and acknowledge them unwritten. So the next send to
   * the partition uses a new producer id.
   */
  async send(
    partition: number,
    records: readonly OutgoingRecord[],
    { deadline, compressed }: SendOptions,
  ): Promise<void> {
    let batch: Buffer | undefined;
    while (true) {
      try {
        const writer = await this.#writer(partition);
        batch ??= writeRecordBatch(records, { ...writer, timestamp: Date.now(), compressed });
        await this.#attempt(partition, batch);
        writer.sequence = (writer.sequence + records.length) % SEQUENCE_LIMIT;
        return;
      } catch (error) {
        if (isTransient(error) && Date.now() < deadline) {
          await delay(RETRY_MS);
          await this.#cluster.refreshMetadata().catch(() => {}); // if no broker answers, the next attempt reports it
          continue;
        }
        this.#writers.delete(partition);
        throw error;
      }
    }
  }

  async disconnect(): Promise<void> {
    await this.#cluster.disconnect();
  }

  async #writer(partition: number): Promise<BatchIdentity> {
    let writer = this.#writers.get(partition);
    if (writer === undefined) {
      const broker = await this.#cluster.findControllerBroker();
      const { producerId, producerEpoch } = await broker.initProducerId({ transactionTimeout: ACK_TIMEOUT_MS });
      this.#writers.set(partition, writer = { producerId: String(producerId), producerEpoch, sequence: 0 });
    }
    return writer;
  }

  async #attempt(partition: number, batch: Buffer): Promise<void> {
    const [leader] = Object.keys(this.#cluster.findLeaderForPartitions(this.#topic, [partition]));
    const broker = await this.#cluster.findBroker({ nodeId: leader });
    const answer = await this.#produce(broker, partition, batch);
    if (answer === "repeated") return;
    const about = answer.topics.find(({ topicName }) => topicName === this.#topic)?.partitions
      .find((about) => about.partition === partition);
    // Such an answer was seen for records that were lost.
    if (about?.errorCode !== 0) throw notNamed(this.#topic, partition);
  }

  /** "repeated": an earlier attempt, whose answer was lost, wrote the batch. */
  async #produce(broker: InternalBroker, partition: number, batch: Buffer): Promise<ProduceAnswer | "repeated"> {
    const encode = () => Promise.resolve(encodeProduce(this.#topic, partition, batch));
    try {
      return await ask(broker, {
        request: { ...PRODUCE, expectResponse: () => true, encode },
        response: response as RawResponse<ProduceAnswer>,
      });
    } catch (error) {
      if ((error as { type?: string }).type === "DUPLICATE_SEQUENCE_NUMBER") return "repeated";
      throw error;
    }
  }
}

/** Whether a send failed because the batch is too large for the topic; split up it may fit. */
export function isTooLarge(error: unknown): boolean {
  return causesOf(error).some((inner) => "type" in inner && TOO_LARGE_ERRORS.includes(String(inner.type)));
}

function encodeProduce(topic: string, partition: number, batch: Buffer): unknown {
  return new Encoder(batch.length + topic.length + 64)
    .writeString(null) // no transaction
    .writeInt16(ALL_REPLICAS)
    .writeInt32(ACK_TIMEOUT_MS)
    .writeInt32(1) // one topic
    .writeString(topic)
    .writeInt32(1) // one partition
    .writeInt32(partition)
    .writeInt32(batch.length)
    .writeBuffer(batch);
}

function notNamed(topic: string, partition: number): Error {
  const error = new Error(`The broker's answer does not name partition ${partition} of ${topic}`);
  return Object.assign(error, { retriable: true });
}
