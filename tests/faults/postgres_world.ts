import type { Admin } from "kafkajs";
import { encodeOrder } from "../../lib/avro/order_codec.ts";
import { registerOrderSchema } from "../../lib/avro/schema_registry.ts";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { withAdmin } from "../../lib/kafka/client/disconnect.ts";
import { ensureTopics } from "../../lib/kafka/client/topics_admin.ts";
import { createPublisher, type Publisher } from "../../lib/kafka/produce/publisher.ts";
import type { Order } from "../../lib/order.ts";
import { type SampleOrder, sampleOrders } from "../../lib/sample_orders.ts";
import { deadLetterTopic, valueSubject } from "../../lib/topics.ts";
import { eventually, type Finished, type RunningTask, startTask, task } from "../support/commands.ts";
import { TestDatabase } from "../support/postgres_database.ts";
import { failureOf } from "./kafka_world.ts";
import type { FaultContext, FaultOutcome } from "./fault.ts";
import { checkDatabase, withConnection, withoutVerdict } from "./postgres_invariant.ts";

const PARTITIONS = 12;
const USERS = [{ name: "alice", status: "paid" }, { name: "bob", status: "unpaid" }];
/** Two of them run out. */
const ITEMS = Array.from({ length: 24 }, (_, index) => ({
  name: `item-${index}`,
  quantity: index < 2 ? 500 : 10_000_000,
}));
const MIX = { unpaid: 10, "unknown-user": 5, "unknown-item": 5, "no-stock": 2, duplicate: 3 };
/** Many orders are sent in parts of this size. */
const SEND = 10_000;

/**
 * The world of one run of a fault on the shared store: a database, a topic of twelve partitions, a group of its own,
 * and the ids of the orders sent. Removed when disposed. Its commands are the real ones, each in its own process.
 */
export class PostgresWorld implements AsyncDisposable {
  readonly topic = `fault-${crypto.randomUUID()}`;
  readonly env: Record<string, string>;
  /** The database itself, whatever path the consumers take to it. */
  readonly url: string;
  /** Ids of the orders that are known to be in the topic. */
  readonly sent: string[] = [];
  readonly #database: TestDatabase;
  readonly #samples: Iterator<SampleOrder, never>;
  #publisher: Publisher<{ order: Order }> | undefined;

  private constructor({ seed, random, env }: FaultContext, database: TestDatabase) {
    this.#database = database;
    this.url = database.url;
    this.env = { ...env, DATABASE_URL: database.url, ORDERS_TOPIC: this.topic, CONSUMER_GROUP_ID: this.topic };
    this.#samples = sampleOrders({
      seed: String(seed),
      users: USERS,
      items: ITEMS,
      mix: MIX,
      newOrderId: () => `order-${Math.floor(random() * 2 ** 48).toString(16)}-${this.sent.length}`,
      now: Date.now,
    });
  }

  /** `server` replaces the tests' own; `key` decides the partitions, which take turns by default. */
  static async create(
    context: FaultContext,
    { server, key = "none" }: { server?: string; key?: "item" | "none" } = {},
  ): Promise<PostgresWorld> {
    const world = new PostgresWorld(context, await TestDatabase.empty(server));
    const { topic, kafka } = world;
    const connection = { brokers: context.env.KAFKA_BOOTSTRAP_SERVERS.split(",") };
    await withAdmin(kafka, (admin) => admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }] }));
    await ensureTopics(connection, topic);
    const schemaId = await registerOrderSchema({ url: context.env.SCHEMA_REGISTRY_URL }, valueSubject(topic));
    world.#publisher = await createPublisher({
      connection,
      topic,
      key,
      encode: ({ order }) => encodeOrder(schemaId, order),
    });
    await world.task("bootstrap"); // makes the tables
    await withConnection(world.url, async (client) => {
      const [names, quantities] = [ITEMS.map(({ name }) => name), ITEMS.map(({ quantity }) => quantity)];
      await client.query("DELETE FROM users; DELETE FROM inventory; DELETE FROM stock_edits");
      await client.query("INSERT INTO users SELECT * FROM unnest($1::text[], $2::text[])", [
        USERS.map(({ name }) => name),
        USERS.map(({ status }) => status),
      ]);
      await client.query("INSERT INTO inventory SELECT * FROM unnest($1::text[], $2::bigint[])", [names, quantities]);
      await client.query(
        `INSERT INTO stock_edits SELECT gen_random_uuid(), item, quantity, null, 'tool', now() FROM inventory`,
      );
    });
    return world;
  }

  get kafka() {
    return createKafka({ brokers: this.env.KAFKA_BOOTSTRAP_SERVERS.split(",") });
  }

  /** Puts so many sample orders into the topic. */
  async send(count: number): Promise<void> {
    for (let left = count; left > 0; left -= SEND) {
      await this.sendOrders(Array.from({ length: Math.min(left, SEND) }, () => this.#samples.next().value));
    }
  }

  async sendOrders(orders: readonly { order: Order }[]): Promise<void> {
    await this.#publisher!.send(orders);
    this.sent.push(...orders.map(({ order }) => order.order_id));
  }

  /** Starts a consumer. `env` may set another path to the database. */
  start(args: readonly string[] = [], env: Record<string, string> = {}): RunningTask {
    return startTask("consume", args, { ...this.env, ...env });
  }

  /** Runs a command of the pipeline to its end. */
  async task(name: string, args: readonly string[] = []): Promise<Finished> {
    return await task(name, args, this.env);
  }

  async admin<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
    return await withAdmin(this.kafka, use);
  }

  /** Waits until the group has settled with so many members. */
  async members(count: number, patienceMs = 30_000): Promise<void> {
    let found = "";
    const look = (admin: Admin) => async () => {
      const { groups: [{ members, state }] } = await admin.describeGroups([this.topic]);
      found = `${members.length}, ${state}`;
      return members.length === count && state === "Stable";
    };
    await this.admin((admin) => eventually(`the group has ${count} members`, look(admin), patienceMs)).catch(
      (cause) => {
        throw new Error(`${cause.message} (it has ${found})`, { cause });
      },
    );
  }

  /** Records with a verdict, by the positions: grows with every record read. */
  async judged(): Promise<number> {
    return await withConnection(this.url, async (client) => {
      const { rows: [{ judged }] } = await client.query("SELECT coalesce(sum(position), 0) AS judged FROM positions");
      return Number(judged);
    });
  }

  /** Waits until every order sent so far has a verdict. */
  async allJudged(patienceMs = 60_000): Promise<void> {
    const total = this.sent.length;
    await eventually(`${total} orders are judged`, async () => await this.judged() >= total, patienceMs);
  }

  /** Milliseconds from `since` until all of `ids` have a verdict. */
  async recovery(since: number, ids: readonly string[], patienceMs = 60_000): Promise<number> {
    await eventually("they are judged", async () => (await withoutVerdict(this.url, ids)).length === 0, patienceMs);
    return performance.now() - since;
  }

  /** Consumes what is left and returns the outcome of the run. */
  async outcome(recoveryMs: number, broken: readonly string[] = []): Promise<FaultOutcome> {
    const rest = await this.task("consume", ["--until-end"]);
    const verify = await this.task("verify", ["--json"]);
    const { lost, doubled, unbalanced, broken: found } = await checkDatabase(this.url, this.sent);
    return {
      lost: lost.length,
      doubled: doubled.length,
      unbalanced: unbalanced.length,
      recoveryMs,
      broken: [...broken, ...found, ...failureOf("the last consumer", rest), ...failureOf("verify", verify)],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#publisher?.close();
    await this.admin((admin) => admin.deleteTopics({ topics: [this.topic, deadLetterTopic(this.topic)] }));
    await this.#database[Symbol.asyncDispose]();
  }
}
