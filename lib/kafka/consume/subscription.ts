import { setTimeout as delay } from "node:timers/promises";
import type { Consumer, EachBatchPayload, Kafka } from "kafkajs";
import { type Failure, Outage } from "../../errors.ts";
import { Handover } from "../../handover.ts";
import type { FetchedBatch } from "../../ports.ts";
import { disconnect } from "../client/disconnect.ts";
import { asFailure, notAlone } from "../client/failures.ts";
import { outageOf } from "../client/outage.ts";
import type { FetchedRecord } from "../protocol/record_batch.ts";
import { createBatchConsumer } from "./batch_consumer.ts";
import { Fetch } from "./fetch.ts";
import { fetchedBatches } from "./fetched_batch.ts";
import { removeMember } from "./group_coordinator.ts";
import { type GroupTopic, offsetMetadata } from "./group_topic.ts";
import { soleMember } from "./sole_member.ts";
import { TopicNotices } from "./topic_notices.ts";
import { TOPIC_CHECK_MS, watchTopic } from "./topic_watch.ts";

const HEARTBEAT_MS = 3_000;
const SESSION_TIMEOUT_MS = 30_000;
/** How long a fetch waits for data; also how long a stop may wait for the fetch under way. */
const FETCH_WAIT_MS = 500;
/** A fetch takes six times its bytes in memory until it is handled; more of them at once is hardly faster. */
const FETCH_BYTES_PER_PARTITION = 1 << 20;
const RETRY_MS = 1_000;

/** A batch that a subscription hands out. */
export type SubscribedBatch = FetchedBatch<FetchedRecord>;

export interface SubscriptionOptions extends GroupTopic {
  /** The offset each partition is committed at; reading begins there. */
  starts: ReadonlyMap<number, number>;
  /** Ends the subscription once each of these partitions was read up to its offset. */
  until?: ReadonlyMap<number, number>;
  /** Ends the subscription after exactly this many messages. */
  maxMessages?: number;
  /** Told each time the group was joined. */
  onJoin(memberId: string): void;
  /** Told of an outage that is being waited out, and once it is over (undefined). */
  onOutage(sentence: string | undefined): void;
  /** Told what a person may want to know of the topic: partitions that were added, records that cannot be read yet. */
  onNotice(sentence: string): void;
}

/**
 * A topic read as the only member of its group, batch by batch: `for await (const batch of subscription)`.
 *
 * Whoever has handled a batch commits it. The subscription comes back by itself when brokers go away, and never skips
 * an offset silently: one that the log no longer holds is a {@linkcode Failure} (65), as is a topic deleted or created
 * anew. A group with another member is one too (75). Partitions added meanwhile are read from their beginning, within
 * seconds. It ends with `stop` or with one of its limits, and leaves the group when it is disposed of.
 */
export class Subscription implements AsyncIterable<SubscribedBatch>, AsyncDisposable {
  readonly #kafka: Kafka;
  readonly #options: SubscriptionOptions;
  readonly #positions: Map<number, number>;
  readonly #notices: TopicNotices;
  readonly #batches = new Handover<SubscribedBatch>();
  /** Which fetch a batch comes from. */
  readonly #fetches = new WeakMap<SubscribedBatch, Fetch>();
  readonly #ending = new AbortController();
  /** Resolves when nobody handles batches any more. */
  readonly #released = Promise.withResolvers<void>();
  readonly #run: Promise<void>;
  #left: number;
  #memberId: string | undefined;
  /** Of the last session that ended in an error; the group may not know that it is gone. */
  #crashedMember: string | undefined;
  #outage: string | undefined;

  /** Begins to read. Permission: net. */
  constructor(kafka: Kafka, options: SubscriptionOptions, stop: AbortSignal) {
    this.#kafka = kafka;
    this.#options = options;
    this.#positions = new Map(options.starts);
    this.#notices = new TopicNotices(options);
    this.#left = options.maxMessages ?? Infinity;
    stop.addEventListener("abort", () => this.#end(), { once: true, signal: this.#ending.signal });
    if (stop.aborted || this.#isDone()) this.#end();
    watchTopic(kafka, options, this.#ending.signal).then((failure) => failure !== undefined && this.#end(failure));
    this.#run = this.#read().catch((failure) => this.#end(failure));
  }

  [Symbol.asyncIterator](): AsyncIterator<SubscribedBatch> {
    return this.#batches[Symbol.asyncIterator]();
  }

  /** Whether `batch` is still to be handled: neither has the subscription ended, nor was its fetch given up. */
  readonly isCurrent = (batch: SubscribedBatch): boolean => !this.#over && this.#fetches.get(batch)?.isOver === false;

  /**
   * Commits the offset after a batch whose verdicts are durable, behind the caller's back and after those before it. Of
   * a fetch that was given up nothing is committed: it is read again.
   */
  commit(batch: SubscribedBatch): void {
    const fetch = this.#fetches.get(batch)!;
    fetch.commitBehind(() => this.#commit(batch, fetch.payload));
  }

  /**
   * Does `work` on a batch however often an {@linkcode Outage} stops it; `isAgain` from the second time on. Undefined
   * where the subscription ends before it is done.
   */
  async throughOutages<T>(batch: SubscribedBatch, work: (isAgain: boolean) => Promise<T>): Promise<T | undefined> {
    const { payload } = this.#fetches.get(batch)!;
    for (let isAgain = false; !this.#over; isAgain = true) {
      try {
        const result = await work(isAgain);
        if (isAgain) this.#tellOutage(undefined);
        return result;
      } catch (error) {
        if (!(error instanceof Outage)) throw asFailure(error);
        this.#tellOutage(error.message);
        await this.#pause();
        await payload.heartbeat().catch(() => {}); // a member that is lost meanwhile finds out when it commits
      }
    }
  }

  /** Ends the subscription: what was handled is committed, then the group is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    this.#released.resolve();
    await this.#run;
  }

  async #read(): Promise<void> {
    while (!this.#over) {
      try {
        await this.#session();
      } catch (error) {
        this.#crashedMember = this.#memberId;
        this.#tellOutage(outageOf(error, this.#kafka, { ...this.#options, wasMember: this.#memberId !== undefined }));
        await this.#pause();
      }
    }
  }

  /** One membership in the group, from joining to leaving. */
  async #session(): Promise<void> {
    const consumer = createBatchConsumer(this.#kafka, {
      groupId: this.#options.group,
      partitionAssigners: [soleMember],
      sessionTimeout: SESSION_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      maxBytesPerPartition: FETCH_BYTES_PER_PARTITION,
      metadataMaxAge: TOPIC_CHECK_MS, // kafkajs joins its group anew for partitions that were added
      onFetch: (ends) => this.#notices.fetched(ends),
      // A crash ends the session; starting over is up to `#read`, which knows what may be retried.
      retry: { retries: 5, restartOnFailure: () => Promise.resolve(false) },
    });
    const leaving = new AbortController();
    const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
    ended.catch(() => {}); // a crash while leaving concerns nobody
    this.#listen(consumer, reject);
    const { signal } = this.#ending;
    signal.addEventListener("abort", () => resolve(), { once: true, signal: leaving.signal });
    try {
      await consumer.connect();
      await this.#leaveForSure();
      await consumer.subscribe({ topic: this.#options.topic, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: (payload) => this.#handOut(payload),
      });
      if (!this.#over) await ended;
    } finally {
      leaving.abort();
      if (this.#over) await this.#released.promise; // the batch in hand is committed before the group is left
      await disconnect(consumer);
    }
  }

  /** Watches a consumer, and tells when it crashes. */
  #listen(consumer: Consumer, crashed: (error: Error) => void): void {
    consumer.on(consumer.events.CRASH, ({ payload }) => crashed(payload.error));
    consumer.on(consumer.events.GROUP_JOIN, ({ payload: { memberId, memberAssignment } }) => {
      this.#memberId = memberId;
      if (Object.keys(memberAssignment).length === 0) return this.#end(notAlone(this.#options.group));
      this.#options.onJoin(memberId);
      this.#tellOutage(undefined);
      this.#notices.joined(memberAssignment[this.#options.topic] ?? []);
    });
    // Batches of nothing but transaction markers never reach eachBatch; reading went on past them all the same.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, batchSize, lastOffset } }) => {
      if (batchSize === 0) this.#advance(partition, Number(lastOffset) + 1);
    });
  }

  /** Hands out what was fetched, and returns once all of it is committed. */
  async #handOut(payload: EachBatchPayload): Promise<void> {
    const fetch = new Fetch(payload);
    for (const batch of fetchedBatches(payload.batch, this.#left)) {
      if (this.#over || fetch.isOver) break;
      this.#fetches.set(batch, fetch);
      fetch.handOut();
      if (!await this.#batches.put(batch)) break;
    }
    await fetch.done(this.#released.promise);
  }

  async #commit({ topic, partition, to, records }: SubscribedBatch, payload: EachBatchPayload): Promise<void> {
    payload.resolveOffset(String(to - 1));
    const committed = { partition, offset: String(to), metadata: offsetMetadata(this.#options.topicId) };
    await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [committed] }] });
    this.#left -= records.length;
    this.#advance(partition, to);
    await payload.heartbeat();
  }

  #advance(partition: number, to: number): void {
    this.#positions.set(partition, to);
    if (this.#isDone()) this.#end();
  }

  #isDone(): boolean {
    const isBehind = ([partition, end]: [number, number]) => (this.#positions.get(partition) ?? 0) < end;
    return this.#left <= 0 || this.#options.until?.entries().some(isBehind) === false;
  }

  get #over(): boolean {
    return this.#ending.signal.aborted;
  }

  #end(failure?: Failure): void {
    this.#ending.abort();
    this.#batches.close(failure);
  }

  /** Says when an outage begins, changes or ends, not each time it is noticed. */
  #tellOutage(sentence: string | undefined): void {
    if (sentence === this.#outage) return;
    this.#outage = sentence;
    this.#options.onOutage(sentence);
  }

  /** Waits a moment, less when the subscription ends. */
  async #pause(): Promise<void> {
    await delay(RETRY_MS, undefined, { signal: this.#ending.signal }).catch(() => {});
  }

  /** A member that crashed did not say goodbye; a join would wait for it until its session times out. */
  async #leaveForSure(): Promise<void> {
    if (this.#crashedMember === undefined) return;
    await removeMember(this.#kafka, this.#options.group, this.#crashedMember);
    this.#crashedMember = undefined;
  }
}
