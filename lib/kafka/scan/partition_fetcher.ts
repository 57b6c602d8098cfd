import { setTimeout as delay } from "node:timers/promises";
import type { Kafka } from "kafkajs";
import fetchRequest from "kafkajs/src/protocol/requests/fetch/v11/request.js";
import fetchResponse from "kafkajs/src/protocol/requests/fetch/v11/response.js";
import { disconnect } from "../client/disconnect.ts";
import { isTransient } from "../client/failures.ts";
import { ask, createCluster, type InternalCluster, type RawResponse } from "../client/internal_cluster.ts";
import { decodeFetch, type FetchAnswer, readBatches } from "../protocol/fetch_answer.ts";
import type { FetchBounds, RecordBatch } from "../protocol/record_batch.ts";

const CONSUMER = -1;
/** How long a broker may hold back an answer while there is nothing new, in milliseconds. */
const MAX_WAIT_MS = 1_000;
/** The broker sends more if a single batch is larger. */
const FETCH_BYTES = 1 << 20;
const RETRY_MS = 100;

/** What to fetch. */
export interface FetcherOptions {
  topic: string;
  partition: number;
  wants: FetchBounds["wants"];
  /** How long the brokers may bring nothing new, in milliseconds. */
  patienceMs: number;
}

/**
 * Fetches committed records of one partition without a consumer group; kafkajs itself reads only as a group member.
 * Connections and leaders come from kafkajs. Permissions: net; at the broker READ on the topic.
 */
export class PartitionFetcher implements AsyncDisposable {
  readonly #options: FetcherOptions;
  readonly #cluster: InternalCluster;

  constructor(kafka: Kafka, options: FetcherOptions) {
    this.#options = options;
    this.#cluster = createCluster(kafka);
  }

  /**
   * The batches from the one with `offset` on, at least one. Transient errors, such as a change of leaders, are retried
   * for `patienceMs`.
   */
  async batchesFrom(offset: number): Promise<RecordBatch[]> {
    const { patienceMs } = this.#options;
    const { promise: silence, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`no answer for ${patienceMs / 1_000} s`)), patienceMs);
    try {
      while (true) {
        const batches = await Promise.race([this.#attempt(offset), silence]);
        if (batches.length > 0) return batches;
        await delay(RETRY_MS);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Disconnects. */
  async [Symbol.asyncDispose](): Promise<void> {
    await disconnect(this.#cluster);
  }

  /** None if the broker has nothing new or fails transiently. */
  async #attempt(offset: number): Promise<RecordBatch[]> {
    try {
      return await this.#fetch(offset);
    } catch (error) {
      if (!isTransient(error)) throw error;
      await this.#cluster.refreshMetadata().catch(() => {}); // if no broker answers, the next attempt reports it
      return [];
    }
  }

  async #fetch(offset: number): Promise<RecordBatch[]> {
    const limits = { maxWaitMs: MAX_WAIT_MS, maxBytes: FETCH_BYTES };
    return await fetchOnce(this.#cluster, { ...this.#options, ...limits, offset });
  }
}

/** One request for the batches of a partition from the one with `offset` on. */
export interface OneFetch extends Pick<FetcherOptions, "topic" | "partition"> {
  offset: number;
  /** As in {@linkcode FetchBounds}. */
  wants?: FetchBounds["wants"];
  /** How long the broker may hold back an answer while there is nothing new, in milliseconds. */
  maxWaitMs: number;
  /** The broker sends more if the first batch is larger. */
  maxBytes: number;
}

/** What the leader of a partition answers; connects `cluster` where it is not. Permissions: net; READ on the topic. */
export async function fetchOnce(cluster: InternalCluster, fetch: OneFetch): Promise<RecordBatch[]> {
  const { topic, partition, offset, wants, maxWaitMs, maxBytes } = fetch;
  await cluster.connect();
  await cluster.addTargetTopic(topic);
  const [leader] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
  const broker = await cluster.findBroker({ nodeId: leader });
  const wanted = [{ topic, partitions: [{ partition, fetchOffset: String(offset), maxBytes }] }];
  const limits = { maxWaitTime: maxWaitMs, minBytes: 1, maxBytes };
  const request = fetchRequest({ replicaId: CONSUMER, ...limits, topics: wanted });
  const answer = await ask(broker, { request, response });
  readBatches(answer, wants);
  // No answer at all if a quota is used up.
  return answer.responses[0]?.partitions[0]?.messages ?? [];
}

const response: RawResponse<FetchAnswer> = {
  decode: (bytes) => Promise.resolve(decodeFetch(bytes)),
  parse: fetchResponse.parse,
};
