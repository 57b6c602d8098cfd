import type { Kafka } from "kafkajs";
import { causesOf } from "../../errors.ts";
import { OffsetSet } from "../../offset_set.ts";
import type { Coordinates } from "../../order.ts";
import { deadLetterTopic } from "../../topics.ts";
import { disconnect, withAdmin } from "../client/disconnect.ts";
import { createCluster, type InternalCluster } from "../client/internal_cluster.ts";
import { isReadable } from "../client/rights.ts";
import { partitionLogs } from "../consume/group_offsets.ts";
import { DEAD_LETTER_PARTITION } from "../dead_letters/dead_letters.ts";
import { readErrorHeaders } from "../dead_letters/error_headers.ts";
import type { RecordBatch } from "../protocol/record_batch.ts";
import { fetchOnce } from "../scan/partition_fetcher.ts";

const FETCH_BYTES = 1 << 20;
/** How long one look may count, in milliseconds: the rest is counted in the next ones. */
const COUNT_MS = 30;
/** How often a dead-letter topic that is missing is looked for. */
const MISSING_MS = 5_000;

/** Places that one look brings, about. */
const MAX_NEWS = 500;

/** What the dead letters come to so far. */
export interface DeadLetterLook {
  /** Records of the topic that are dead letters; one that was sent twice counts once. */
  count: number;
  /** False while not all are counted. */
  isExact: boolean;
  /** How many have come since the last look; none while those that were there at the beginning are counted. */
  fresh: number;
  /** Where the latest of those found in this look came from. */
  news: Coordinates[];
}

/**
 * Counts the dead letters of a topic by where they came from, reading on from look to look. The caller closes.
 */
export class DeadLetterCount {
  readonly #kafka: Kafka;
  readonly #topic: string;
  #cluster: InternalCluster | undefined;
  #next = 0;
  /** Whether those that were there at the beginning are counted. */
  #isBegun = false;
  #lookAgain = 0;
  #origins = new Map<number, OffsetSet>();

  constructor(kafka: Kafka, topic: string) {
    this.#kafka = kafka;
    this.#topic = topic;
  }

  /**
   * `ends` are those of the topic's partitions: origins beyond them are somebody's invention. Permissions: net; READ on
   * the dead-letter topic.
   */
  async look(ends: ReadonlyMap<number, number>): Promise<DeadLetterLook> {
    const news: Coordinates[] = [];
    const isBeginning = !this.#isBegun;
    let fresh = 0;
    const isExact = await this.#read((origin) => {
      if (origin.topic !== this.#topic || origin.offset >= (ends.get(origin.partition) ?? 0)) return;
      this.#originsIn(origin.partition).add(origin.offset);
      fresh++;
      news.push(origin);
      if (news.length > 2 * MAX_NEWS) news.splice(0, MAX_NEWS);
    });
    this.#isBegun ||= isExact;
    const count = this.#origins.values().reduce((sum, { size }) => sum + size, 0);
    return { count, isExact, fresh: isBeginning ? 0 : fresh, news };
  }

  async close(): Promise<void> {
    const cluster = this.#cluster;
    this.#cluster = undefined;
    if (cluster !== undefined) await disconnect(cluster);
  }

  /** Reads on for a while; whether it has come to the end. */
  async #read(visit: (origin: Coordinates) => void): Promise<boolean> {
    const until = performance.now() + COUNT_MS;
    try {
      if (this.#cluster === undefined && !(await this.#begin())) return true;
      for (let isFirst = true; isFirst || performance.now() < until; isFirst = false) {
        const batches = await this.#fetch();
        if (batches.length === 0) return true;
        for (const batch of batches) {
          for (const { headers } of batch.isControlRecord ? [] : batch.records(this.#next)) {
            const { origin } = readErrorHeaders(headers);
            if (origin !== undefined) visit(origin);
          }
        }
        this.#next = Number(batches.at(-1)!.offset) + 1;
      }
      return false;
    } catch (error) {
      await this.close();
      if (isElsewhere(error)) this.#next = 0; // deleted or recreated: it is counted anew
      throw error;
    }
  }

  /** Whether there is such a topic; the first time, and after it has gone, it is read from its beginning. */
  async #begin(): Promise<boolean> {
    if (performance.now() < this.#lookAgain) return false;
    const topic = deadLetterTopic(this.#topic);
    if (!(await isReadable(this.#kafka, topic))) {
      this.#lookAgain = performance.now() + MISSING_MS;
      this.#next = 0;
      this.#origins = new Map();
      return false;
    }
    const logs = await withAdmin(this.#kafka, (admin) => partitionLogs(admin, topic));
    const { low, high } = logs.find(({ partition }) => partition === DEAD_LETTER_PARTITION) ?? { low: 0, high: 0 };
    if (this.#next === 0 || this.#next > high) {
      this.#next = low;
      this.#origins = new Map();
    }
    this.#next = Math.max(this.#next, low);
    this.#cluster = createCluster(this.#kafka);
    return true;
  }

  async #fetch(): Promise<RecordBatch[]> {
    return await fetchOnce(this.#cluster!, {
      topic: deadLetterTopic(this.#topic),
      partition: DEAD_LETTER_PARTITION,
      offset: this.#next,
      maxWaitMs: 0,
      maxBytes: FETCH_BYTES,
    });
  }

  #originsIn(partition: number): OffsetSet {
    let origins = this.#origins.get(partition);
    if (origins === undefined) this.#origins.set(partition, origins = new OffsetSet());
    return origins;
  }
}

function isElsewhere(error: unknown): boolean {
  const types = ["OFFSET_OUT_OF_RANGE", "UNKNOWN_TOPIC_OR_PARTITION"];
  return causesOf(error).some((inner) => "type" in inner && types.includes(String(inner.type)));
}
