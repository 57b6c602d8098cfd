import type { Kafka } from "kafkajs";
import { disconnect } from "../client/disconnect.ts";
import { createCluster, type InternalCluster } from "../client/internal_cluster.ts";
import { fetchOnce } from "../scan/partition_fetcher.ts";

/** The broker sends one batch, however small the limit. */
const ONE_BATCH = 1;
/** Batches without records, such as the ends of transactions, that are passed over in search of one. */
const MAX_EMPTY = 4;
/** Partitions looked at in one call; the others follow in the next ones. */
const MAX_FETCHES = 16;

/** A partition that the group has not read to its end. */
export interface UnreadPartition {
  partition: number;
  /** The first offset that is not read. */
  from: number;
  end: number;
}

/**
 * Tells when the oldest unread record of each partition was written. It fetches one batch for each partition, and that
 * only when the group has read on. The caller closes.
 */
export class OldestUnread {
  readonly #topic: string;
  readonly #cluster: InternalCluster;
  readonly #known = new Map<number, { from: number; timestamp: number | undefined }>();
  #next = 0;

  constructor(kafka: Kafka, topic: string) {
    this.#topic = topic;
    this.#cluster = createCluster(kafka);
  }

  /**
   * Milliseconds since the epoch by partition, as the broker has them; undefined where there is no record after all.
   * Partitions that there was no time for have the answer of the last call, or are missing. Permissions: net; READ on
   * the topic.
   */
  async look(unread: readonly UnreadPartition[]): Promise<Map<number, number | undefined>> {
    const moved = unread.filter(({ partition, from }) => this.#known.get(partition)?.from !== from);
    const turn = moved.map((_, index) => moved[(this.#next + index) % moved.length]).slice(0, MAX_FETCHES);
    this.#next += turn.length;
    for (const at of turn) this.#known.set(at.partition, { from: at.from, timestamp: await this.#oldest(at) });
    return new Map(unread.flatMap(({ partition }) => {
      const known = this.#known.get(partition);
      return known === undefined ? [] : [[partition, known.timestamp] as const];
    }));
  }

  async close(): Promise<void> {
    await disconnect(this.#cluster);
  }

  async #oldest({ partition, from, end }: UnreadPartition): Promise<number | undefined> {
    let offset = from;
    for (let fetched = 0; fetched < MAX_EMPTY && offset < end; fetched++) {
      const limits = { maxWaitMs: 0, maxBytes: ONE_BATCH };
      const batches = await fetchOnce(this.#cluster, { topic: this.#topic, partition, offset, ...limits });
      if (batches.length === 0) return undefined;
      for (const batch of batches) {
        const [first] = batch.isControlRecord ? [] : batch.records(offset);
        if (first !== undefined) return first.timestamp;
        offset = Number(batch.offset) + 1;
      }
    }
  }
}
