import type { Buffer } from "node:buffer";
import type { Kafka } from "kafkajs";

/** The part of kafkajs's internal broker (kafkajs/src/broker/index.js) that is not public. */
export interface InternalBroker {
  /** The API versions of the broker, by API key. */
  versions: Record<number, { minVersion: number; maxVersion: number }>;
  connectionPool: ConnectionPool;
  disconnect(): Promise<void>;
  initProducerId(request: { transactionTimeout: number }): Promise<{ producerId: unknown; producerEpoch: number }>;
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
  offsetCommit(request: {
    groupId: string;
    groupGenerationId: number;
    memberId: string;
    topics: { topic: string; partitions: { partition: number; offset: string; metadata: string | null }[] }[];
  }): Promise<unknown>;
}

/** The connections to one broker. */
export interface ConnectionPool {
  send<T>(call: ProtocolCall<T>): Promise<T>;
}

/** A request of the Kafka protocol, and how to decode its answer. */
export interface ProtocolCall<T> {
  request: RawRequest;
  response: RawResponse<T>;
}

export interface RawRequest {
  apiKey: number;
  apiVersion: number;
  apiName: string;
  expectResponse?(): boolean;
  /** Resolves to kafkajs's Encoder (kafkajs/src/protocol/encoder.js). */
  encode(): Promise<unknown>;
}

export interface RawResponse<T> {
  decode(bytes: Buffer): Promise<T>;
  parse(decoded: T): Promise<T>;
}

export interface InternalCluster {
  brokerPool: {
    createBroker(options: { connectionPool: ConnectionPool }): InternalBroker;
    withBroker<T>(use: (found: { broker: InternalBroker }) => Promise<T>): Promise<T | null>;
  };
  /** Which log ends it asks for: 0 is everything written, 1 is what is committed. */
  isolationLevel: number;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  /** Partitions by the node id of their leader. */
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Record<string, number[]>;
  findBroker(request: { nodeId: string }): Promise<InternalBroker>;
  findControllerBroker(): Promise<InternalBroker>;
  findGroupCoordinator(request: { groupId: string }): Promise<InternalBroker>;
}

/** Runs `work` with kafkajs's internal cluster, connected. Permission: net. */
export async function withCluster<T>(kafka: Kafka, work: (cluster: InternalCluster) => Promise<T>): Promise<T> {
  const cluster = await connectCluster(kafka);
  try {
    return await work(cluster);
  } finally {
    await cluster.disconnect();
  }
}

/** The internal cluster of kafkajs, connected; the caller disconnects. Permission: net. */
export async function connectCluster(kafka: Kafka): Promise<InternalCluster> {
  const cluster = createCluster(kafka);
  try {
    await cluster.connect();
    // Otherwise kafkajs does not know a coordinator's address, fails, and retries 300 ms later.
    await cluster.refreshMetadata();
    return cluster;
  } catch (error) {
    await cluster.disconnect();
    throw error;
  }
}

/** The internal cluster of kafkajs, not connected yet. */
export function createCluster(kafka: Kafka): InternalCluster {
  return clusterFactory(kafka).cluster({ allowAutoTopicCreation: false });
}

/** Sends a request. If the broker has closed the connection, disconnects so that the next request reconnects. */
export async function ask<T>(broker: InternalBroker, call: ProtocolCall<T>): Promise<T> {
  try {
    return await broker.connectionPool.send(call);
  } catch (error) {
    // As kafkajs does itself.
    if ((error as Error).name === "KafkaJSConnectionClosedError") await broker.disconnect();
    throw error;
  }
}

/** `kafka` with `change` applied to the internal cluster of every client it makes. */
export function overrideCluster(kafka: Kafka, change: (cluster: InternalCluster) => InternalCluster): Kafka {
  const create = clusterFactory(kafka);
  return Object.create(kafka, { [create.symbol]: { value: (options: object) => change(create.cluster(options)) } });
}

/** kafkajs has no public access to a broker; its client builds clusters under a private symbol. */
function clusterFactory(kafka: Kafka): { symbol: symbol; cluster: (options: object) => InternalCluster } {
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) =>
    description === "private:Kafka:createCluster"
  );
  if (symbol === undefined) throw new Error("Cannot reach the brokers: this is not kafkajs 2.2.4");
  const internals = kafka as unknown as Record<symbol, (options: object) => InternalCluster>;
  return { symbol, cluster: internals[symbol] };
}
