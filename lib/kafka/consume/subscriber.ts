import { setTimeout as delay } from "node:timers/promises";
import type { Consumer, EachBatchPayload, Kafka } from "kafkajs";
import { Failure, Outage } from "../../errors.ts";
import { inTurn } from "../../in_turn.ts";
import { createBatchConsumer } from "./batch_consumer.ts";
import { disconnect } from "../client/disconnect.ts";
import { asFailure, notAlone } from "../client/failures.ts";
import { type FetchedBatch, fetchedBatches } from "./fetched_batch.ts";
import { removeMember } from "./group_coordinator.ts";
import { type GroupTopic, offsetMetadata } from "./group_topic.ts";
import { outageOf } from "../client/outage.ts";
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

export interface SubscriberOptions<T> extends GroupTopic {
  /** The offset each partition is committed at; reading begins there. */
  starts: ReadonlyMap<number, number>;
  /** Ends the subscription once each of these partitions was read up to its offset. */
  until?: ReadonlyMap<number, number>;
  /** Ends the subscription after exactly this many messages. */
  maxMessages?: number;
  /** Gets one batch ready to be handled, while the one before it may be under way: changes nothing that lasts. */
  prepare(batch: FetchedBatch): Promise<T>;
  /**
   * Handles one batch; never two at once. When it resolves, the batch is committed. On an {@linkcode Outage}, its own
   * or that of `prepare`, both are called again later, with nothing committed; any other error ends the subscription.
   */
  handle(ready: T): Promise<void>;
  /** Told each time the group was joined. */
  onJoin(memberId: string): void;
  /** Told of an outage that is being waited out, and once it is over (undefined). */
  onOutage(sentence: string | undefined): void;
  /** Told what a person may want to know of the topic: partitions that were added, records that cannot be read yet. */
  onNotice(sentence: string): void;
}

/**
 * Reads a topic as the only member of its group, in batches, committing each one after it was handled.
 *
 * Comes back by itself when brokers go away, and never skips an offset silently: one that the log no longer holds is a
 * {@linkcode Failure} (65), as is a topic deleted or created anew. A group with another member is one too (75).
 * Partitions added meanwhile are read from their beginning, within seconds.
 */
export class Subscriber<T> {
  readonly #kafka: Kafka;
  readonly #options: SubscriberOptions<T>;
  readonly #positions: Map<number, number>;
  readonly #notices: TopicNotices;
  readonly #ending = new AbortController();
  #failure: Failure | undefined;
  #left: number;
  #memberId: string | undefined;
  /** Of the last session that ended in an error; the group may not know that it is gone. */
  #crashedMember: string | undefined;
  #outage: string | undefined;

  constructor(kafka: Kafka, options: SubscriberOptions<T>) {
    this.#kafka = kafka;
    this.#options = options;
    this.#positions = new Map(options.starts);
    this.#notices = new TopicNotices(options);
    this.#left = options.maxMessages ?? Infinity;
  }

  /** Reads until `stop`, or until one of the limits is reached; the batch in hand is finished and committed first. */
  async run(stop: AbortSignal): Promise<void> {
    stop.addEventListener("abort", () => this.#end(), { once: true });
    if (stop.aborted || this.#isDone()) this.#end();
    watchTopic(this.#kafka, this.#options, this.#ending.signal)
      .then((failure) => failure !== undefined && this.#end(failure));
    try {
      while (!this.#over) await this.#sessionOrPause();
    } finally {
      this.#end();
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #sessionOrPause(): Promise<void> {
    try {
      await this.#session();
    } catch (error) {
      this.#tellOutage(outageOf(error, this.#kafka, { ...this.#options, wasMember: this.#memberId !== undefined }));
      this.#crashedMember = this.#memberId;
      await this.#pause();
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
      // A crash ends the session; starting over is up to `run`, which knows what may be retried.
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
        eachBatch: (payload) => this.#eachBatch(payload),
      });
      if (!this.#over) await ended;
    } finally {
      leaving.abort();
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

  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    await inTurn(this.#wanted(payload), {
      prepare: this.#options.prepare,
      handle: (batch, ready) => this.#handle(batch, ready, payload.heartbeat),
      commit: (batch) => this.#commit(batch, payload),
    });
  }

  /** What was fetched, in pieces, until the subscription ends. */
  *#wanted({ batch }: EachBatchPayload): Generator<FetchedBatch> {
    for (const piece of fetchedBatches(batch, this.#left)) {
      if (this.#over) return;
      yield piece;
    }
  }

  async #commit({ topic, partition, to, records }: FetchedBatch, payload: EachBatchPayload): Promise<void> {
    payload.resolveOffset(String(to - 1));
    const committed = { partition, offset: String(to), metadata: offsetMetadata(this.#options.topicId) };
    await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [committed] }] });
    this.#left -= records.length;
    this.#advance(partition, to);
    await payload.heartbeat();
  }

  /** Handles one batch, however long an outage lasts; false where the subscription ends before it is handled. */
  async #handle(batch: FetchedBatch, prepared: T | undefined, heartbeat: () => Promise<void>): Promise<boolean> {
    let ready = prepared;
    for (let waited = false; !this.#over; waited = true) {
      try {
        ready ??= await this.#options.prepare(batch);
        await this.#options.handle(ready);
        if (waited) this.#tellOutage(undefined);
        return true;
      } catch (error) {
        if (!(error instanceof Outage)) {
          this.#end(asFailure(error));
          return false;
        }
        this.#tellOutage(error.message);
        ready = undefined; // what was found out before may have changed by the end of the outage
        await this.#pause();
        await heartbeat();
      }
    }
    return false;
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
    this.#failure ??= failure;
    this.#ending.abort();
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
