import { Buffer } from "node:buffer";
import { join } from "node:path";
import type { Admin } from "kafkajs";
import deno from "../deno.json" with { type: "json" };
import { encodeOrder } from "../lib/avro/order_codec.ts";
import { registryHttp } from "../lib/avro/registry_http.ts";
import { registerOrderSchema } from "../lib/avro/schema_registry.ts";
import { PAID } from "../lib/decide_order.ts";
import { createKafka } from "../lib/kafka/client/client.ts";
import { withAdmin } from "../lib/kafka/client/disconnect.ts";
import { ensureTopics } from "../lib/kafka/client/topics_admin.ts";
import { committedOffsets, groupMembers, moveGroup, partitionLogs } from "../lib/kafka/consume/group_offsets.ts";
import { removeMember } from "../lib/kafka/consume/group_coordinator.ts";
import { createPublisher, type Publisher } from "../lib/kafka/produce/publisher.ts";
import type { Order } from "../lib/order.ts";
import type { OutgoingOrder } from "../lib/ports.ts";
import { deadLetterTopic, type OrderKey, valueSubject } from "../lib/topics.ts";
import { withStore } from "../tools/open_store.ts";
import { CHECKOUT } from "../tools/stack/folders.ts";
import { NAIVE_CONSUMER } from "./careless_line.ts";
import { DrillProcess } from "./drill_process.ts";
import type { Place } from "./own_stack.ts";
import { type DrillStore, drillStore } from "./drill_store.ts";
import { until, type Wait } from "./until.ts";

/** A line that a consumer prints about one record, and the order's id in it. */
export const VERDICT = /^(?:accepted|rejected|skipped|dead letter) +(\S+)/;

/** At the start; what a drill sells of pens never runs out. */
export const STOCK: Readonly<Record<string, number>> = { book: 10, pen: 1_000_000 };
const USERS = [{ name: "alice", status: PAID }, { name: "bob", status: "unpaid" }];

/** Our settings: a person's own must not lead a drill's commands to another Kafka or store. */
const OUR_SETTINGS = deno.permissions.kafka.env.allow.filter((name) =>
  /^(KAFKA_|SCHEMA_|ORDERS_|CONSUMER_|STORAGE_|DATABASE_)/.test(name)
);

interface DrillOrder extends OutgoingOrder {
  /** Sent in place of the order. */
  bytes?: Buffer;
}

interface WorldOptions {
  name: string;
  place: Place;
  /** Whether the store is a database of the stack's PostgreSQL, not a folder. */
  postgres: boolean;
  /** Whether the careless consumer plays. */
  isNaive: boolean;
  stop: AbortSignal;
}

/** The topic, group, store and processes of one drill; all gone when disposed of. */
export class World implements AsyncDisposable {
  readonly topic: string;
  readonly place: Place;
  readonly isNaive: boolean;
  readonly stop: AbortSignal;
  readonly store: DrillStore;
  /** What was sent, in order. */
  readonly sent: Order[] = [];
  /** The partition of the last send. */
  lastPartition = 0;
  readonly #processes: DrillProcess[] = [];
  readonly #publishers = new Map<OrderKey, Publisher<DrillOrder>>();
  #hasTopics = false;
  #schemaId = 0;
  #orders = 0;

  private constructor({ name, place, isNaive, stop }: WorldOptions, store: DrillStore) {
    this.topic = `drill-${name}-${crypto.randomUUID().slice(0, 8)}`;
    this.place = place;
    this.isNaive = isNaive;
    this.stop = stop;
    this.store = store;
  }

  /** Permissions: those of `up`. */
  static async create(options: WorldOptions): Promise<World> {
    const { place, postgres } = options;
    const world = new World(options, await drillStore(postgres ? place.own : undefined));
    try {
      await ensureTopics(place.kafka, world.topic);
      world.#hasTopics = true;
      world.#schemaId = await registerOrderSchema(place.registry, valueSubject(world.topic));
      const items = Object.entries(STOCK).map(([name, quantity]) => ({ name, quantity }));
      await withStore(world.store.setting, (store) => store.addMissing(USERS, items));
      return world;
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
  }

  get wait(): Wait {
    return { stop: this.stop };
  }

  get kafka() {
    return createKafka(this.place.kafka);
  }

  /** An order of alice's for one `item`, with an id that no other has. */
  order(item = "book"): Order {
    return { order_id: `order-${++this.#orders}`, user: "alice", item, quantity: 1, created_at: Date.now() };
  }

  /** Puts orders into the topic, and returns once they are acknowledged. */
  async send(orders: readonly Order[], key: OrderKey = "item"): Promise<void> {
    const publisher = await this.#publisher(key);
    await publisher.send(orders.map((order) => ({ order })));
    this.sent.push(...orders);
  }

  /** Puts bytes that are no order into the topic, with the key of an order for `item`. */
  async sendPoison(bytes: string, item = "book"): Promise<void> {
    const publisher = await this.#publisher("item");
    await publisher.send([{ order: this.order(item), bytes: Buffer.from(bytes) }]);
  }

  /** Starts a consumer; `broker` in place of the real one. */
  consume(args: readonly string[] = [], broker?: string): DrillProcess {
    const script = this.isNaive ? [NAIVE_CONSUMER] : ["consumer.ts", "--verbose", ...args];
    return this.#start("The consumer", script, broker === undefined ? {} : { KAFKA_BOOTSTRAP_SERVERS: broker });
  }

  /** Has a consumer read to the end, which takes so many verdicts, and stop; returns what it said. */
  async consumeAll(verdicts: number, args: readonly string[] = []): Promise<DrillProcess> {
    const consumer = this.consume(args);
    await consumer.until(`${verdicts} verdicts`, () => consumer.count(VERDICT) >= verdicts, this.wait);
    await this.committed();
    await consumer.stop(this.wait);
    return consumer;
  }

  /** Returns once the group has committed all that is in the topic. */
  async committed(): Promise<void> {
    await this.admin((admin) =>
      until("the commit of the last offset", async () => {
        const committed = await committedOffsets(admin, this.#at);
        const logs = await partitionLogs(admin, this.topic);
        return logs.every(({ partition, high }) => (committed.get(partition) ?? 0) >= high);
      }, this.wait)
    );
  }

  /** The offset that the group has committed in the partition of the last send, 0 where there is none. */
  async committedOffset(): Promise<number> {
    const committed = await this.admin((admin) => committedOffsets(admin, this.#at));
    return committed.get(this.lastPartition) ?? 0;
  }

  /** Has the next consumer read from the beginning; the flags that it takes for it, if any. */
  async resetToEarliest(): Promise<string[]> {
    if (!this.isNaive) return ["--reset", "--reset-to", "earliest"];
    await this.admin(async (admin) => {
      const partitions = (await partitionLogs(admin, this.topic)).map(({ partition }) => partition);
      const offsets = new Map(partitions.map((partition) => [partition, { offset: 0, metadata: null }]));
      await moveGroup(this.kafka, admin, this.#at, offsets);
    });
    return [];
  }

  /** Has the group forget dead members, as our consumer does at its start; else the next one waits for 30 s. */
  async forgetDead(): Promise<void> {
    const { group } = this.#at;
    const { members } = await this.admin((admin) => groupMembers(admin, group));
    for (const { memberId } of members) await removeMember(this.kafka, group, memberId);
  }

  /** The one line that `deno task verify` ends with, and whether all is well. */
  async verify(): Promise<{ isWell: boolean; line: string }> {
    const verify = this.#start("verify", ["tools/verify.ts"]);
    const code = await verify.end(this.wait);
    return { isWell: code === 0, line: (verify.last(/^verify: /) ?? verify.last(/./))?.input ?? "verify said nothing" };
  }

  async admin<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
    return await withAdmin(this.kafka, use);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes) await process[Symbol.asyncDispose]();
    this.store.remove();
    for (const publisher of this.#publishers.values()) await publisher.close();
    if (this.place.own === undefined && this.#hasTopics) await this.#tidy();
  }

  /**
   * Takes group, topics and schema away from a Kafka and a registry that stay, as far as they are there and answer: what
   * went wrong with the drill itself must not be hidden by what goes wrong here.
   */
  async #tidy(): Promise<void> {
    const subject = `/subjects/${valueSubject(this.topic)}`;
    await this.forgetDead().catch(() => {});
    await this.admin(async (admin) => {
      await admin.deleteGroups([this.topic]).catch(() => {});
      await admin.deleteTopics({ topics: [this.topic, deadLetterTopic(this.topic)] }).catch(() => {});
    }).catch(() => {});
    await registryHttp(this.place.registry)(subject, { method: "DELETE" }).catch(() => {});
  }

  get #at() {
    return { group: this.topic, topic: this.topic, topicId: undefined };
  }

  #start(name: string, [script, ...args]: readonly string[], env: Record<string, string> = {}): DrillProcess {
    const rights = ["-P=kafka", `--allow-read=${this.store.folder}`, `--allow-write=${this.store.folder}`];
    const process = new DrillProcess(name, [...rights, join(CHECKOUT, script), ...args], { ...this.#env, ...env });
    this.#processes.push(process);
    return process;
  }

  get #env(): Record<string, string> {
    const { kafka, registry } = this.place;
    return {
      ...Object.fromEntries(OUR_SETTINGS.map((name) => [name, ""])),
      KAFKA_BOOTSTRAP_SERVERS: kafka.brokers.join(","),
      SCHEMA_REGISTRY_URL: registry.url,
      ORDERS_TOPIC: this.topic,
      CONSUMER_GROUP_ID: this.topic,
      ...this.store.env,
    };
  }

  async #publisher(key: OrderKey): Promise<Publisher<DrillOrder>> {
    const known = this.#publishers.get(key);
    if (known !== undefined) return known;
    const publisher = await createPublisher<DrillOrder>({
      connection: this.place.kafka,
      topic: this.topic,
      key,
      encode: ({ order, bytes }) => bytes ?? encodeOrder(this.#schemaId, order),
      onAcknowledged: ({ partition }) => this.lastPartition = partition,
    });
    this.#publishers.set(key, publisher);
    return publisher;
  }
}
