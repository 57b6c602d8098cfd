import type { Buffer } from "node:buffer";
import type { Kafka } from "kafkajs";

/** The part of kafkajs's internal broker that its public interface keeps back (kafkajs/src/broker/index.js). */
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

/** A request of the Kafka protocol, and how to read its answer. */
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
  /** What ends of logs it asks for: 0 is all that is written, 1 what is committed. */
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

/** Runs `work` with kafkajs's own view of the cluster, connected. Permission: net. */
export async function withCluster<T>(kafka: Kafka, work: (cluster: InternalCluster) => Promise<T>): Promise<T> {
  const cluster = await connectCluster(kafka);
  try {
    return await work(cluster);
  } finally {
    await cluster.disconnect();
  }
}

/** Kafkajs's own view of the cluster, connected; the caller disconnects. Permission: net. */
export async function connectCluster(kafka: Kafka): Promise<InternalCluster> {
  const cluster = createCluster(kafka);
  try {
    await cluster.connect();
    // Without it kafkajs does not know a coordinator's address, fails, and tries again 300 ms later.
    await cluster.refreshMetadata();
    return cluster;
  } catch (error) {
    await cluster.disconnect();
    throw error;
  }
}

/** Kafkajs's own view of the cluster, not connected yet. */
export function createCluster(kafka: Kafka): InternalCluster {
  return clusterFactory(kafka).cluster({ allowAutoTopicCreation: false });
}

/** Sends a request. Disconnects from a broker that has closed the connection, so that the next request connects anew. */
export async function ask<T>(broker: InternalBroker, call: ProtocolCall<T>): Promise<T> {
  try {
    return await broker.connectionPool.send(call);
  } catch (error) {
    // As kafkajs does itself.
    if ((error as Error).name === "KafkaJSConnectionClosedError") await broker.disconnect();
    throw error;
  }
}

/** `kafka` with clusters that `change` has changed, for the clients it makes. */
export function overrideCluster(kafka: Kafka, change: (cluster: InternalCluster) => InternalCluster): Kafka {
  const create = clusterFactory(kafka);
  return Object.create(kafka, { [create.symbol]: { value: (options: object) => change(create.cluster(options)) } });
}

/** kafkajs has no public way to a broker; its client builds clusters under a private symbol. */
function clusterFactory(kafka: Kafka): { symbol: symbol; cluster: (options: object) => InternalCluster } {
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) =>
    description === "private:Kafka:createCluster"
  );
  if (symbol === undefined) throw new Error("Cannot reach the brokers: this is not kafkajs 2.2.4");
  const internals = kafka as unknown as Record<symbol, (options: object) => InternalCluster>;
  return { symbol, cluster: internals[symbol] };
}
