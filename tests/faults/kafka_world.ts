import { join } from "node:path";
import type { Admin } from "kafkajs";
import { encodeOrder } from "../../lib/avro/order_codec.ts";
import { registerOrderSchema } from "../../lib/avro/schema_registry.ts";
import type { KafkaConnection } from "../../lib/connections.ts";
import { exists } from "../../lib/files/disk/exists.ts";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { withAdmin } from "../../lib/kafka/client/disconnect.ts";
import { topicFacts } from "../../lib/kafka/client/topic_facts.ts";
import { partitionLogs } from "../../lib/kafka/consume/group_offsets.ts";
import { createPublisher, type Publisher } from "../../lib/kafka/produce/publisher.ts";
import type { FetchedRecord } from "../../lib/kafka/protocol/fetched_records.ts";
import { readTopic } from "../../lib/kafka/scan/read_topic.ts";
import { ensureTopics } from "../../lib/kafka/client/topics_admin.ts";
import { type SampleOrder, sampleOrders } from "../../lib/sample_orders.ts";
import { deadLetterTopic, valueSubject } from "../../lib/topics.ts";
import { eventually, type Finished, type RunningTask, startTask, task } from "../support/commands.ts";
import { TestStorage } from "../support/storage.ts";
import type { FaultContext, FaultOutcome } from "./fault.ts";
import { checkStorage } from "./invariant.ts";

const STOCK = { book: 2_000, pen: 100_000, notebook: 50_000 };
/** Every kind of order but poison; books run out. */
const MIX = { unpaid: 10, "unknown-user": 5, "unknown-item": 5, "no-stock": 2, duplicate: 3 };
const ORDER_ID = /order-[0-9a-f]+-\d+/;

/** A record as it lies in the topic. */
export type TopicRecord = FetchedRecord & { partition: number };

/**
 * What one run of a fault plays in: a storage, a topic and a group of its own, and the ids of the orders sent. Removed
 * when disposed. The commands in it are the real ones, in processes of their own.
 */
export class KafkaWorld implements AsyncDisposable {
  readonly topic = `fault-${crypto.randomUUID()}`;
  readonly group = this.topic;
  readonly env: Record<string, string>;
  readonly storage: TestStorage;
  /** Ids of the orders that are known to be in the topic. */
  readonly sent: string[] = [];
  readonly #kafka: KafkaConnection;
  readonly #samples: Iterator<SampleOrder, never>;
  readonly #publishers = new Map<number, Publisher<SampleOrder>>();
  #schemaId = 0;

  private constructor({ seed, random, env }: FaultContext, storage: TestStorage) {
    this.storage = storage;
    this.env = { ...env, STORAGE_DIR: storage.folder, ORDERS_TOPIC: this.topic, CONSUMER_GROUP_ID: this.group };
    this.#kafka = { brokers: env.KAFKA_BOOTSTRAP_SERVERS.split(",") };
    this.#samples = sampleOrders({
      seed: String(seed),
      users: [{ name: "alice", status: "paid" }, { name: "bob", status: "unpaid" }],
      items: Object.entries(STOCK).map(([name, quantity]) => ({ name, quantity })),
      mix: MIX,
      newOrderId: () => `order-${Math.floor(random() * 2 ** 48).toString(16)}-${this.sent.length}`,
      now: Date.now,
    });
  }

  static async create(context: FaultContext): Promise<KafkaWorld> {
    const world = new KafkaWorld(context, await TestStorage.create({ items: STOCK }));
    await ensureTopics(world.#kafka, world.topic);
    world.#schemaId = await registerOrderSchema({ url: context.env.SCHEMA_REGISTRY_URL }, valueSubject(world.topic));
    return world;
  }

  get kafka() {
    return createKafka(this.#kafka);
  }

  /** Puts so many sample orders into the topic; `schemaId` is that of the order schema by default. */
  async send(count: number, schemaId = this.#schemaId): Promise<void> {
    const orders = Array.from({ length: count }, () => this.#samples.next().value);
    const publisher = this.#publishers.get(schemaId) ?? await createPublisher<SampleOrder>({
      connection: this.#kafka,
      topic: this.topic,
      key: "item",
      encode: ({ order }) => encodeOrder(schemaId, order),
    });
    this.#publishers.set(schemaId, publisher);
    await publisher.send(orders);
    this.sent.push(...orders.map(({ order }) => order.order_id));
  }

  /** Starts a command of the pipeline. */
  start(name: string, args: readonly string[] = []): RunningTask {
    return startTask(name, args, this.env);
  }

  /** Runs a command of the pipeline to its end. */
  async task(name: string, args: readonly string[] = []): Promise<Finished> {
    return await task(name, args, this.env);
  }

  /** Starts a consumer and returns once it is a member of its group. */
  async consumer(args: readonly string[] = [], wrapper: readonly string[] = []): Promise<RunningTask> {
    const before = this.#owner();
    const consumer = startTask("consume", args, this.env, wrapper);
    let ended: Finished | undefined;
    consumer.end.then((end) => ended = end);
    await eventually("the consumer has joined its group", () => {
      if (ended !== undefined) throw new Error(`A consumer ended before it had joined: ${ended.stderr}`);
      return this.#owner() !== before;
    });
    return consumer;
  }

  #owner(): string {
    return readText(join(this.storage.folder, ".owner.lock"));
  }

  /** Lines in the log and among the rejections: grows with every verdict but "accepted before". */
  verdicts(): number {
    const lines = (name: string) => readText(join(this.storage.folder, name)).split("\n").length - 1;
    return lines("orders.jsonl") + lines("rejected.jsonl");
  }

  /** Orders known to be in the topic that have no verdict so far. */
  unjudged(): string[] {
    return checkStorage(this.storage.folder, this.sent).lost;
  }

  /** Milliseconds from `since` until there is a verdict more than `before`. */
  async recovery(since: number, before: number, patienceMs = 60_000): Promise<number> {
    await eventually("a verdict after the fault", () => this.verdicts() > before, patienceMs);
    return performance.now() - since;
  }

  /** What the topic holds: offsets `[low, high)` of each partition. */
  async logs(): Promise<{ low: number; high: number }[]> {
    return await this.admin((admin) => partitionLogs(admin, this.topic));
  }

  /** Every record of the topic, or of another one. */
  async records(topic = this.topic): Promise<TopicRecord[]> {
    const found: TopicRecord[] = [];
    for await (const { partition, records } of readTopic(this.kafka, topic)) {
      for await (const record of records) found.push(Object.assign(record, { partition }));
    }
    return found;
  }

  async deadLetters(): Promise<TopicRecord[]> {
    return await this.records(deadLetterTopic(this.topic));
  }

  /** The group's committed offsets as the broker has them, -1 where there is none; by partition. */
  async committed(): Promise<number[]> {
    const [{ partitions }] = await this.admin((admin) =>
      admin.fetchOffsets({ groupId: this.group, topics: [this.topic] })
    );
    return partitions.sort((a, b) => a.partition - b.partition).map(({ offset }) => Number(offset));
  }

  async admin<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
    return await withAdmin(this.kafka, use);
  }

  async topicId(): Promise<string | undefined> {
    return (await topicFacts(this.kafka, [this.topic]))?.get(this.topic)?.id;
  }

  /** Deletes the topic and makes it anew, empty. */
  async recreateTopic(): Promise<void> {
    await this.#dropPublishers();
    await this.admin(async (admin) => {
      const [{ partitions }] = (await admin.fetchTopicMetadata({ topics: [this.topic] })).topics;
      await admin.deleteTopics({ topics: [this.topic] });
      const topics = [{ topic: this.topic, numPartitions: partitions.length }];
      await eventually("the topic is there again", () => admin.createTopics({ topics }).catch(() => false));
    });
  }

  /** From now on only orders in these records are known to be in the topic; those judged already stay judged. */
  onlyThese(records: readonly TopicRecord[]): void {
    const there = orderIds(records);
    this.sent.splice(0, Infinity, ...this.sent.filter((id) => there.has(id)));
  }

  /** Consumes what is left and tells what the run came to; nothing may own the storage any more. */
  async outcome(recoveryMs: number, broken: readonly string[] = []): Promise<FaultOutcome> {
    const rest = await this.task("consume", ["--until-end"]);
    const verify = await this.task("verify");
    const { lost, doubled, unbalanced, broken: found } = checkStorage(this.storage.folder, this.sent);
    return {
      lost: lost.length,
      doubled: doubled.length,
      unbalanced: unbalanced.length,
      recoveryMs,
      broken: [...broken, ...found, ...failureOf("the last consumer", rest), ...failureOf("verify", verify)],
    };
  }

  async #dropPublishers(): Promise<void> {
    for (const publisher of this.#publishers.values()) await publisher.close();
    this.#publishers.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dropPublishers();
    const topics = [this.topic, deadLetterTopic(this.topic)];
    await this.admin((admin) => admin.deleteTopics({ topics })).catch(() => {}); // the row may have done so
    await this.storage[Symbol.asyncDispose]();
  }
}

/** The ids of the world's own orders in these records. */
export function orderIds(records: readonly TopicRecord[]): Set<string> {
  return new Set(records.flatMap(({ value }) => ORDER_ID.exec(value?.toString("latin1") ?? "")?.[0] ?? []));
}

/** How a command ends, which it has to do by itself. */
export async function endOf(command: RunningTask, patienceMs = 30_000): Promise<Finished> {
  let finished: Finished | undefined;
  command.end.then((end) => finished = end);
  await eventually("the command has ended", () => finished !== undefined, patienceMs);
  return finished!;
}

/** Waits until the moment that the seed has chosen for a fault; what has to happen is polled for instead. */
export function moment(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The sentences whose claim is not true. */
export function brokenOf(claims: Readonly<Record<string, boolean>>): string[] {
  return Object.entries(claims).filter(([, holds]) => !holds).map(([claim]) => `Not so: ${claim}`);
}

function readText(path: string): string {
  return exists(path) ? Deno.readTextFileSync(path) : "";
}

/** What is wrong with the end of a command that has to end well. */
export function failureOf(name: string, { code, stdout, stderr }: Finished): string[] {
  return code === 0 ? [] : [`${name} ended with ${code}: ${(stdout + stderr).trim().slice(-1_000)}`];
}
