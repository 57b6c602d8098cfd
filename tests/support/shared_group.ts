import assert from "node:assert/strict";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { withAdmin } from "../../lib/kafka/client/disconnect.ts";
import { Subscription } from "../../lib/kafka/consume/subscription.ts";
import { EXIT, Outage } from "../../lib/errors.ts";
import { type PartitionRange, PositionMoved } from "../../lib/ports.ts";
import { randomName, testKafka } from "./kafka.ts";

// Several members share the simplest possible store: a position for each partition, and a fence.

export const PARTITIONS = 6;
export const BATCH = 50;

/** A topic and what happened to its records. */
export class World {
  readonly kafka = createKafka(testKafka());
  readonly topic = randomName();
  readonly positions = new Map<number, number>();
  /** Values in the order they took effect. */
  readonly taken: string[] = [];
  /** How often its store is away when it is asked next. */
  away = { positionOf: 0, passOver: 0 };
  #sent = 0;

  static async create(): Promise<World> {
    const world = new World();
    const topics = [{ topic: world.topic, numPartitions: PARTITIONS }];
    await withAdmin(world.kafka, (admin) => admin.createTopics({ topics, waitForLeaders: true }));
    return world;
  }

  async send(count: number): Promise<void> {
    const producer = this.kafka.producer({ idempotent: true, maxInFlightRequests: 1 }); // a repeated send counts once
    await producer.connect();
    const messages = Array.from(
      { length: count },
      () => ({ partition: this.#sent % PARTITIONS, value: `${this.#sent++}` }),
    );
    await producer.send({ topic: this.topic, messages });
    await producer.disconnect();
  }

  /** Leaves nothing in a partition but two offsets without a record: one that was aborted, and the marker that says so. */
  async abort(partition: number): Promise<void> {
    const transactionalId = crypto.randomUUID();
    const producer = this.kafka.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic: this.topic, messages: [{ partition, value: "aborted" }] });
    await transaction.abort();
    await producer.disconnect();
  }

  positionOf(partition: number): Promise<number | undefined> {
    if (this.away.positionOf-- > 0) return Promise.reject(new Outage(EXIT.unavailable, "the store is away"));
    return Promise.resolve(this.positions.get(partition));
  }

  passOver({ partition, from, to, ...range }: PartitionRange): Promise<void> {
    if (this.away.passOver-- > 0) return Promise.reject(new Outage(EXIT.unavailable, "the store is away"));
    if ((this.positions.get(partition) ?? from) !== from) {
      return Promise.reject(new PositionMoved({ ...range, partition, from, to }));
    }
    this.positions.set(partition, to);
    return Promise.resolve();
  }

  /** Asserts that everything sent took effect once. */
  requireOnce(): void {
    const expected = Array.from({ length: this.#sent }, (_, index) => String(index));
    assert.deepEqual(this.taken.toSorted((a, b) => Number(a) - Number(b)), expected);
  }

  get isDone(): boolean {
    return this.taken.length >= this.#sent;
  }
}

/** A consumer of the world's group. */
export class Member implements AsyncDisposable {
  id = "";
  partitions: readonly number[] = [];
  batches = 0;
  /** Batches given up because somebody else was faster. */
  moved = 0;
  /** Holds a batch between decision and effect until it resolves. */
  frozen: Promise<void> = Promise.resolve();
  /** While it is set no batch takes effect: each attempt fails at once, and is counted. */
  isAway = false;
  attempts = 0;
  readonly #stop = new AbortController();
  readonly #run: Promise<void>;

  constructor(world: World, options: MemberOptions = {}) {
    this.#run = this.#read(world, options);
  }

  async #read(world: World, { lanes = 2, until, starts = new Map() }: MemberOptions): Promise<void> {
    const { topic, positions } = world;
    const kafka = createKafka(testKafka()); // its own: members of one client share what kafkajs knows of the group
    await using subscription = new Subscription(kafka, {
      group: topic,
      topic,
      topicId: undefined,
      starts,
      until,
      sharing: {
        lanes,
        positionOf: (partition) => world.positionOf(partition),
        passOver: (range) => world.passOver(range),
      },
      onJoin: (memberId, partitions) => Object.assign(this, { id: memberId, partitions }),
      onOutage: () => {},
      onNotice: () => {},
    }, this.#stop.signal);
    await subscription.work(async (lane) => {
      for await (const batch of lane) {
        const taken = await subscription.throughOutages(batch, async () => {
          await this.frozen;
          this.attempts++;
          if (this.isAway) throw new Outage(EXIT.unavailable, "the store is away");
          if ((positions.get(batch.partition) ?? batch.from) !== batch.from) {
            this.moved++;
            throw new PositionMoved(batch);
          }
          positions.set(batch.partition, batch.to);
          world.taken.push(...Array.from(batch.records, ({ value }) => String(value)));
          return true;
        });
        if (!taken) continue;
        this.batches++;
        subscription.commit(batch);
      }
    });
  }

  /** The end of its reading, which comes by itself or by disposing. */
  get end(): Promise<void> {
    return this.#run;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#run;
  }
}

interface MemberOptions {
  lanes?: number;
  until?: Map<number, number>;
  starts?: Map<number, number>;
}

const shares = (...members: Member[]) => members.flatMap(({ partitions }) => partitions).sort((a, b) => a - b);
export const ALL = Array.from({ length: PARTITIONS }, (_, partition) => partition);

/** Whether each partition belongs to one of them, as evenly as possible. */
export function isShared(...members: Member[]): boolean {
  const sizes = members.map(({ partitions }) => partitions.length);
  return shares(...members).join() === ALL.join() && Math.max(...sizes) - Math.min(...sizes) <= 1;
}
