import type { Consumer, EachBatchPayload, Kafka } from "kafkajs";
import type { Failure } from "../../errors.ts";
import { type FetchedBatch, PositionMoved } from "../../ports.ts";
import { disconnect } from "../client/disconnect.ts";
import { asFailure, notAlone } from "../client/failures.ts";
import { outageOf } from "../client/outage.ts";
import type { FetchedRecords } from "../protocol/fetched_records.ts";
import { Fetch } from "./fetch.ts";
import { fetchedBatches } from "./fetched_batch.ts";
import { removeMember } from "./group_coordinator.ts";
import { createMember } from "./group_member.ts";
import { offsetMetadata } from "./group_topic.ts";
import { Lanes } from "./lanes.ts";
import type { PartitionEnds } from "./open_transactions.ts";
import { Outages } from "./outages.ts";
import { ReadLimits } from "./read_limits.ts";
import { Rejoining } from "./rejoining.ts";
import { SharedPositions } from "./shared_positions.ts";
import type { SubscriptionOptions } from "./subscription_options.ts";
import { TopicNotices } from "./topic_notices.ts";
import { watchTopic } from "./topic_watch.ts";

/** A batch that a subscription hands out. */
export type SubscribedBatch = FetchedBatch<FetchedRecords>;

/**
 * A topic read as a member of its group, batch by batch: `for await (const batch of lane)` in {@linkcode work}.
 *
 * Whoever has handled a batch commits it. The subscription reconnects by itself when brokers go away, and never skips
 * an offset silently: one that the log no longer holds is a {@linkcode Failure} (65), as is a topic deleted or
 * recreated. So is a group with another member (75), unless it is shared. Partitions added meanwhile are read from
 * their beginning within seconds. It ends with `stop` or at one of its limits, and leaves the group when disposed of.
 */
export class Subscription implements AsyncDisposable {
  readonly #kafka: Kafka;
  readonly #options: SubscriptionOptions;
  readonly #limits: ReadLimits;
  readonly #shared: SharedPositions;
  readonly #notices: TopicNotices;
  readonly #outages: Outages;
  readonly #rejoining: Rejoining | undefined;
  readonly #lanes: Lanes<SubscribedBatch>;
  /** Which fetch a batch comes from. */
  readonly #fetches = new WeakMap<SubscribedBatch, Fetch>();
  readonly #ending = new AbortController();
  /** Resolves when no batch is being handled any more. */
  readonly #released = Promise.withResolvers<void>();
  readonly #run: Promise<void>;
  #memberId: string | undefined;
  /** This member's partitions. */
  #owned: readonly number[] = [];
  /** While it is a member; seek throws where it is not yet. */
  #consumer: Consumer | undefined;
  /** Member id of the last session that ended in an error; the group may not know that it is gone. */
  #crashedMember: string | undefined;

  /** Begins to read. Permission: net. */
  constructor(kafka: Kafka, options: SubscriptionOptions, stop: AbortSignal) {
    this.#kafka = kafka;
    this.#options = options;
    this.#limits = new ReadLimits(options);
    this.#notices = new TopicNotices(options);
    this.#outages = new Outages(options.onOutage, this.#ending.signal);
    this.#shared = new SharedPositions({
      ...options,
      limits: this.#limits,
      outages: this.#outages,
      advance: (...read) => this.#advance(...read),
      seek: (partition) => this.#seek(partition),
    });
    // To count exactly, what is in hand has to be known before anything else is handed out.
    if (options.sharing !== undefined && options.maxMessages === undefined) this.#rejoining = new Rejoining();
    this.#lanes = new Lanes(options.sharing?.lanes ?? 1);
    stop.addEventListener("abort", () => this.end(), { once: true, signal: this.#ending.signal });
    if (stop.aborted || this.#limits.isReached) this.end();
    void this.#shared.watchOthers(this.#ending.signal);
    watchTopic(kafka, options, this.#ending.signal).then((failure) => failure !== undefined && this.end(failure));
    this.#run = this.#read().catch((failure) => this.end(failure));
  }

  /**
   * Runs `work` on each lane, in parallel; the batches of one partition come in one lane, in order. If one fails, the
   * others end after their current batch. Called once.
   */
  async work(work: (lane: AsyncIterable<SubscribedBatch>) => Promise<void>): Promise<void> {
    const lanes = this.#lanes.all.map((lane) => work(lane).finally(() => this.end()));
    const settled = await Promise.allSettled(lanes);
    for (const lane of settled) if (lane.status === "rejected") throw lane.reason;
  }

  /** Whether `batch` is still to be handled: false if the subscription has ended or its fetch was given up. */
  readonly isCurrent = (batch: SubscribedBatch): boolean => !this.#over && this.#fetches.get(batch)?.isOver === false;

  /**
   * Commits the offset after a batch whose verdicts are durable, in the background and after those before it. Nothing
   * is committed of a fetch that was given up: it is read again.
   */
  commit(batch: SubscribedBatch): void {
    const fetch = this.#fetches.get(batch)!;
    // With a store that is shared its position counts, whatever becomes of the group's.
    if (this.#options.sharing !== undefined) this.#advance(batch.partition, batch.to, batch.records.length);
    fetch.commitBehind(() => this.#commit(batch, fetch.payload));
  }

  /**
   * Retries `work` on a batch through every {@linkcode Outage}; `isAgain` is true from the second time on. Undefined if
   * the subscription ends first, or if the batch is given up because its partition went on elsewhere
   * ({@linkcode PositionMoved}): reading then goes on at the store's position.
   */
  async throughOutages<T>(batch: SubscribedBatch, work: (isAgain: boolean) => Promise<T>): Promise<T | undefined> {
    const fetch = this.#fetches.get(batch)!;
    try {
      // Also between attempts that fail at once: an outage may last longer than a session.
      return await fetch.keepAlive(() => this.#outages.waitOut(work));
    } catch (error) {
      if (!(error instanceof PositionMoved)) throw asFailure(error);
      await fetch.keepAlive(() => this.#seek(batch.partition));
      fetch.giveUp();
    }
  }

  /** Ends the subscription: commits what was handled, then leaves the group. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
    this.#released.resolve();
    await this.#run;
  }

  async #read(): Promise<void> {
    while (!this.#over) {
      try {
        await this.#session();
      } catch (error) {
        this.#crashedMember = this.#memberId;
        const wasMember = this.#memberId !== undefined;
        this.#outages.tell(outageOf(error, this.#kafka, { ...this.#options, wasMember }));
        await this.#outages.pause();
      }
    }
  }

  /** One membership in the group, from joining to leaving. */
  async #session(): Promise<void> {
    const { sharing, watch } = this.#options;
    const owned = sharing && (() => this.#owned);
    const onFetch = (ends: PartitionEnds[]) => {
      this.#limits.fetched(ends);
      this.#notices.fetched(ends);
      watch?.fetched(ends);
    };
    const consumer = createMember(this.#kafka, { group: this.#options.group, owned, onFetch });
    const leaving = new AbortController();
    const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
    ended.catch(() => {}); // a crash while leaving does not matter
    this.#listen(consumer, reject);
    this.#ending.signal.addEventListener("abort", () => resolve(), { once: true, signal: leaving.signal });
    try {
      await consumer.connect();
      // A crashed member has not left the group; the join would wait for it until its session times out.
      if (this.#crashedMember !== undefined) await removeMember(this.#kafka, this.#options.group, this.#crashedMember);
      this.#crashedMember = undefined;
      await consumer.subscribe({ topic: this.#options.topic, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: sharing?.lanes,
        eachBatch: (payload) => this.#handOut(payload),
      });
      if (!this.#over) await ended;
    } finally {
      leaving.abort();
      this.#consumer = undefined;
      if (this.#over) await this.#released.promise; // the current batch is committed before leaving the group
      await disconnect(consumer);
    }
  }

  /** Watches a consumer and reports when it crashes. */
  #listen(consumer: Consumer, crashed: (error: Error) => void): void {
    consumer.on(consumer.events.CRASH, ({ payload }) => crashed(payload.error));
    consumer.on(consumer.events.GROUP_JOIN, ({ payload: { memberId, memberAssignment } }) => {
      const { group, topic, sharing } = this.#options;
      this.#consumer = consumer;
      this.#memberId = memberId;
      this.#rejoining?.joined();
      this.#owned = [...memberAssignment[topic] ?? []].sort((a, b) => a - b);
      if (sharing === undefined && this.#owned.length === 0) return this.end(notAlone(group));
      this.#lanes.assign(this.#owned);
      for (const partition of this.#owned) void this.#seek(partition).catch((error) => this.end(asFailure(error)));
      this.#options.onJoin(memberId, this.#owned);
      this.#outages.joined();
      this.#notices.joined(this.#owned);
    });
    // Batches of transaction markers alone never reach eachBatch, but reading has gone past them.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, batchSize, lastOffset } }) => {
      if (batchSize > 0) return;
      this.#shared.passOver(partition, Number(lastOffset) + 1).catch((error) => this.end(asFailure(error)));
    });
  }

  /** Makes reading of a partition go on where the store says. */
  async #seek(partition: number): Promise<void> {
    const position = await this.#shared.positionOf(partition);
    // While the store was away, another member may have got the partition.
    if (position === undefined || this.#over || !this.#owned.includes(partition)) return;
    this.#consumer?.seek({ topic: this.#options.topic, partition, offset: String(position) });
  }

  /** Hands out what was fetched, and returns once all of it is committed. */
  async #handOut(payload: EachBatchPayload): Promise<void> {
    using fetch = new Fetch(payload, this.#rejoining);
    for (const batch of fetchedBatches(payload.batch, this.#limits.left, this.#options.batchSize)) {
      if (this.#over || fetch.isOver) break;
      this.#fetches.set(batch, fetch);
      if (!await fetch.handOut(this.#lanes.put(batch))) break;
    }
    await fetch.done(this.#released.promise);
  }

  async #commit(batch: SubscribedBatch, payload: EachBatchPayload): Promise<void> {
    const { topic, partition, to, records } = batch;
    const begin = performance.now();
    payload.resolveOffset(String(to - 1));
    const committed = { partition, offset: String(to), metadata: offsetMetadata(this.#options.topicId) };
    await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [committed] }] });
    if (this.#options.sharing === undefined) this.#advance(partition, to, records.length);
    this.#options.watch?.committed(batch, performance.now() - begin);
    await payload.heartbeat();
  }

  #advance(partition: number, to: number, messages?: number): void {
    this.#limits.advance(partition, to, messages);
    if (this.#limits.isReached) this.end();
  }

  /** How many records of this member's partitions wait; undefined while that is not known. */
  get lag(): number | undefined {
    return this.#limits.lagOf(this.#owned);
  }

  get #over(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Hands out nothing more: every lane ends after its current batch, with the failure if there is one. */
  end(failure?: Failure): void {
    this.#ending.abort();
    this.#lanes.close(failure);
  }
}
