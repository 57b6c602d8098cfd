import type { Buffer } from "node:buffer";
import type { Consumer, ConsumerConfig, Kafka } from "kafkajs";
import { type InternalCluster, overrideCluster, type ProtocolCall } from "../client/internal_cluster.ts";
import { decodeFetch, FETCH, type FetchAnswer, type FetchedPartition, readBatches } from "../protocol/fetch_answer.ts";
import type { PartitionEnds } from "./open_transactions.ts";

export interface BatchConsumerConfig extends ConsumerConfig {
  /** Called with each fetch: how far its partitions can be read. */
  onFetch?(ends: PartitionEnds[]): void;
}

/**
 * A kafkajs consumer whose `eachBatch` gets {@linkcode RecordBatch}es instead of messages; `eachMessage` does not work
 * with it.
 *
 * kafkajs creates a dozen objects and several 64-bit numbers per record, then checks every record for transactions: 1.9
 * µs an order, half of a consumer's time. A record batch says the same once for all its records. Permission: net.
 */
export function createBatchConsumer(kafka: Kafka, { onFetch, ...config }: BatchConsumerConfig): Consumer {
  const fetching = overrideCluster(kafka, (cluster) => fetchRecordBatches(cluster, onFetch));
  // Else asking for a deleted topic would recreate it, on brokers that create topics automatically.
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
  return apiKey === FETCH.apiKey && apiVersion === FETCH.apiVersion;
}

function withOurDecoder<T>(call: ProtocolCall<T>, onFetch: BatchConsumerConfig["onFetch"]): ProtocolCall<T> {
  const decode = (bytes: Buffer) => new Promise<T>((resolve) => resolve(readAnswer(bytes, onFetch) as T));
  return { ...call, response: { ...call.response, decode } };
}

function readAnswer(bytes: Buffer, onFetch: BatchConsumerConfig["onFetch"]): FetchAnswer {
  const answer = decodeFetch(bytes);
  const partitions = answer.responses.flatMap(({ partitions }) => partitions);
  onFetch?.(partitions.filter(({ errorCode }) => errorCode === 0).map(endsOf));
  readBatches(answer);
  return answer;
}

function endsOf({ partition, lastStableOffset, highWatermark }: FetchedPartition): PartitionEnds {
  return { partition, stable: Number(lastStableOffset), high: Number(highWatermark) };
}
