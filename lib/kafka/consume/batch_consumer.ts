import { Buffer } from "node:buffer";
import type { Consumer, ConsumerConfig, Kafka } from "kafkajs";
import { type InternalCluster, overrideCluster, type ProtocolCall } from "../client/internal_cluster.ts";
import type { PartitionEnds } from "./open_transactions.ts";
import { isDeadLetterTopic } from "../../topics.ts";
import { type AbortedTransaction, passOverAborted } from "../protocol/aborted_transactions.ts";
import { RecordBatch } from "../protocol/record_batch.ts";

/** In the Kafka protocol. */
const FETCH = 1;
/** The last version that kafkajs speaks; brokers have it since Kafka 2.3. */
const VERSION = 11;
/** What the batches of one fetch may decompress to, in bytes, but for the last; the others are left to the next. */
const FETCH_BYTES = 32 << 20;

export interface BatchConsumerConfig extends ConsumerConfig {
  /** Told with each fetch how far its partitions can be read. */
  onFetch?(ends: PartitionEnds[]): void;
}

/**
 * A kafkajs consumer whose `eachBatch` gets {@linkcode RecordBatch}es in place of messages; `eachMessage` is no use.
 *
 * kafkajs makes a dozen objects and several numbers of 64 bits of each record, then looks at every one to sort out
 * transactions: 1.9 µs an order, half of a consumer's time. A record batch tells the same for all its records.
 * Permission: net.
 */
export function createBatchConsumer(kafka: Kafka, { onFetch, ...config }: BatchConsumerConfig): Consumer {
  const fetching = overrideCluster(kafka, (cluster) => fetchRecordBatches(cluster, onFetch));
  // Else a topic that was deleted comes back by being asked for, where brokers create what they are asked for.
  return fetching.consumer({ allowAutoTopicCreation: false, ...config });
}

function fetchRecordBatches(cluster: InternalCluster, onFetch: BatchConsumerConfig["onFetch"]): InternalCluster {
  const pool = cluster.brokerPool;
  const createBroker = pool.createBroker;
  pool.createBroker = (options) => {
    const send = options.connectionPool.send.bind(options.connectionPool);
    options.connectionPool.send = <T>(call: ProtocolCall<T>) =>
      send(isFetch(call) ? withOurDecoder(call, onFetch) : call);
    return createBroker(options);
  };
  return cluster;
}

function isFetch({ request: { apiKey, apiVersion } }: ProtocolCall<unknown>): boolean {
  return apiKey === FETCH && apiVersion === VERSION;
}

/** Errors in the answer are still kafkajs's business. */
function withOurDecoder<T>(call: ProtocolCall<T>, onFetch: BatchConsumerConfig["onFetch"]): ProtocolCall<T> {
  const decode = (bytes: Buffer) => new Promise<T>((resolve) => resolve(decodeFetch(bytes, onFetch) as T));
  return { ...call, response: { ...call.response, decode } };
}

/** The answer to a fetch of version 11, in the shape of kafkajs (kafkajs/src/protocol/requests/fetch/v11). */
function decodeFetch(bytes: Buffer, onFetch: BatchConsumerConfig["onFetch"]): unknown {
  const answer = new AnswerReader(bytes);
  const clientSideThrottleTime = answer.int32();
  const errorCode = answer.int16();
  const sessionId = answer.int32();
  const responses: { topicName: string; partitions: FetchedPartition[] }[] = [];
  for (let topics = answer.int32(); topics > 0; topics--) {
    const topicName = answer.text();
    const partitions: FetchedPartition[] = [];
    for (let left = answer.int32(); left > 0; left--) partitions.push(decodePartition(answer));
    responses.push({ topicName, partitions });
  }
  onFetch?.(responses.flatMap(({ partitions }) => partitions.filter(({ errorCode }) => errorCode === 0).map(endsOf)));
  readBatches(responses.flatMap(({ topicName: topic, partitions }) => partitions.map((part) => ({ topic, part }))));
  // The broker has not held the answer back: it leaves that to the client.
  return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses };
}

/** A partition of the answer; `messages` are read last, when it is known how many partitions there are. */
interface FetchedPartition {
  partition: number;
  errorCode: number;
  highWatermark: string;
  lastStableOffset: string;
  bytes: Buffer;
  aborted: AbortedTransaction[];
  messages: RecordBatch[];
}

function endsOf({ partition, lastStableOffset, highWatermark }: FetchedPartition): PartitionEnds {
  return { partition, stable: Number(lastStableOffset), high: Number(highWatermark) };
}

let turn = 0;

/** Reads the batches of each partition, beginning with another one each time, so that none comes last for ever. */
function readBatches(fetched: { topic: string; part: FetchedPartition }[]): void {
  const left = { bytes: FETCH_BYTES };
  turn++;
  for (const index of fetched.keys()) {
    const { topic, part } = fetched[(index + turn) % fetched.length];
    const bounds = { topic, partition: part.partition, ofDeadLetters: isDeadLetterTopic(topic), left };
    part.messages = RecordBatch.readAll(part.bytes, bounds);
    passOverAborted(part.messages, part.aborted);
  }
}

function decodePartition(answer: AnswerReader): FetchedPartition & Record<string, unknown> {
  const about = {
    partition: answer.int32(),
    errorCode: answer.int16(),
    highWatermark: answer.int64(),
    lastStableOffset: answer.int64(),
    lastStartOffset: answer.int64(),
  };
  const aborted: AbortedTransaction[] = [];
  for (let left = answer.int32(); left > 0; left--) {
    aborted.push({ producerId: answer.int64(), firstOffset: Number(answer.int64()) });
  }
  const preferredReadReplica = answer.int32();
  return { ...about, preferredReadReplica, bytes: answer.bytes(), aborted, messages: [] };
}

/** Reads the fields of an answer in their order; numbers of 64 bits as text, as kafkajs has them. */
class AnswerReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#pass(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#pass(4));
  }

  int64(): string {
    return this.#bytes.readBigInt64BE(this.#pass(8)).toString();
  }

  text(): string {
    const length = this.int16();
    const start = this.#pass(length);
    return this.#bytes.toString("utf8", start, start + length);
  }

  bytes(): Buffer {
    const length = Math.max(0, this.int32());
    const start = this.#pass(length);
    return this.#bytes.subarray(start, start + length);
  }

  #pass(length: number): number {
    const start = this.#at;
    this.#at += length;
    return start;
  }
}
