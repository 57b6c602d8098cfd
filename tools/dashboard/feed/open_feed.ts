import { registryHttp } from "../../../lib/avro/registry_http.ts";
import type { KafkaSettings } from "../../../lib/cli/settings.ts";
import { createKafka } from "../../../lib/kafka/client/client.ts";
import { DeadLetterCount } from "../../../lib/kafka/inspect/dead_letter_count.ts";
import { GroupWatch } from "../../../lib/kafka/inspect/group_watch.ts";
import { nameKey } from "../../../lib/order.ts";
import type { StoreWatch } from "../../../lib/store_watch.ts";
import { valueSubject } from "../../../lib/topics.ts";
import { placeOf, type StoreSetting, watchStore } from "../../open_store.ts";
import type { Feed } from "../feed.ts";
import {
  type DeadLettersAnswer,
  LIMITS,
  type OrdersAnswer,
  type RatePoint,
  type SchemasAnswer,
  type Snapshot,
  type WhyAnswer,
} from "../snapshot.ts";
import { askDeadLetters, askSchemas, askWhy, type Topic } from "./questions.ts";
import { Rates } from "./rates.ts";
import { RebalanceWatch } from "./rebalance_watch.ts";
import { RecentOrders } from "./recent_orders.ts";
import { Source } from "./source.ts";
import { StockBars } from "./stock_bars.ts";

/** How often is looked while somebody listens, and while nobody does, in milliseconds. */
const TICK_MS = 1_000;
const QUIET_TICK_MS = 5_000;
/** How often the registry is asked. */
const REGISTRY_MS = 10_000;
/** How long a picture waits for a source that does not answer. */
const PATIENCE_MS = 900;
/** Verdicts of each kind that a look at the store brings. */
const MAX_NEWS = 500;

export interface FeedConfig extends KafkaSettings {
  group: string;
  store: StoreSetting;
}

type Picture = Omit<Snapshot, "play">;

/**
 * Looks at Kafka, the store and the registry again and again, and shows what it sees. What is away does not make it
 * fail: the picture says since when. The caller closes.
 *
 * Permissions: net; read of the storage folder; env as kafkajs needs.
 */
export async function openFeed(config: FeedConfig): Promise<Feed> {
  const feed = new LiveFeed(config);
  await feed.begin();
  return feed;
}

class LiveFeed implements Feed {
  readonly #config: FeedConfig;
  readonly #topic: Topic;
  readonly #group: GroupWatch;
  readonly #deadLetters: DeadLetterCount;
  readonly #store: StoreWatch;
  readonly #sources;
  readonly #rates = new Rates();
  readonly #bars = new StockBars();
  readonly #rebalances = new RebalanceWatch();
  readonly #recent: RecentOrders;
  readonly #listeners = new Set<(picture: Picture) => void>();
  readonly #closing = new AbortController();
  #snapshot: Picture | undefined;
  #running: Promise<void> = Promise.resolve();
  /** Ends the pause between two pictures. */
  #wake = () => {};

  constructor(config: FeedConfig) {
    this.#config = config;
    const { registry, topic, group, store } = config;
    const kafka = createKafka(config.kafka, { requestTimeout: 5_000, retry: { retries: 0 } });
    this.#topic = { kafka, registry, topic };
    this.#group = new GroupWatch(config.kafka, { topic, group });
    this.#deadLetters = new DeadLetterCount(kafka, topic);
    this.#store = watchStore(store, { news: MAX_NEWS, items: LIMITS.items, users: LIMITS.users });
    this.#recent = new RecentOrders(topic);
    this.#sources = {
      broker: new Source(() => this.#lookAtKafka()),
      store: new Source(() => this.#lookAtStore()),
      registry: new Source(() =>
        registryHttp(registry)(`/subjects/${encodeURIComponent(valueSubject(topic))}/versions`)
      ),
    };
  }

  get snapshot(): Picture | undefined {
    return this.#snapshot;
  }

  get rates(): readonly RatePoint[] {
    return this.#rates.points;
  }

  async begin(): Promise<void> {
    await this.#look();
    this.#running = this.#run();
  }

  listen(listener: (picture: Picture) => void): () => void {
    const own = (picture: Picture) => listener(picture);
    this.#listeners.add(own);
    this.#wake();
    return () => void this.#listeners.delete(own);
  }

  orders(text: string): OrdersAnswer {
    return this.#recent.search(text);
  }

  async why(orderId: string): Promise<WhyAnswer> {
    const story = await askWhy(this.#topic, this.#store, orderId);
    const order = story.accepted ?? story.rejections.at(-1);
    const { items = [], users = [] } = this.#sources.store.latest ?? {};
    if (order === undefined) return story;
    const named = <T extends { name: string }>(rows: readonly T[], name: string) =>
      rows.find((row) => nameKey(row.name) === nameKey(name));
    const now = { status: named(users, order.user)?.status, quantity: named(items, order.item)?.quantity };
    return { ...story, now };
  }

  async deadLetters(): Promise<DeadLettersAnswer> {
    return await askDeadLetters(this.#topic);
  }

  async schemas(): Promise<SchemasAnswer> {
    return await askSchemas(this.#topic);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake();
    this.#listeners.clear();
    await this.#running;
    await Promise.all(Object.values(this.#sources).map((source) => source.settled));
    await Promise.all([this.#group.close(), this.#deadLetters.close(), this.#store.close()]);
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      await this.#pause(this.#listeners.size > 0 ? TICK_MS : QUIET_TICK_MS);
      if (!this.#closing.signal.aborted) await this.#look();
    }
  }

  /** Until the time for the next picture, or somebody listens who had none for a while. */
  #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms - Date.now() % TICK_MS % ms);
    this.#wake = () => {
      clearTimeout(timer);
      resolve();
    };
    return promise;
  }

  async #look(): Promise<void> {
    const { broker, store, registry } = this.#sources;
    const { health } = registry;
    if (!health.ok || Date.now() - health.at >= REGISTRY_MS) void registry.refresh();
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, PATIENCE_MS);
    await Promise.race([Promise.all([broker.refresh(), store.refresh()]), late]);
    clearTimeout(timer);
    this.#snapshot = this.#picture();
    for (const listener of this.#listeners) listener(this.#snapshot);
  }

  async #lookAtKafka() {
    const group = await this.#group.look();
    const at = Date.now();
    this.#rebalances.see({ at, ...group });
    const ends = new Map(group.partitions.map(({ partition, end }) => [partition, end]));
    const deadLetters = await this.#deadLetters.look(ends);
    for (const { partition, offset } of deadLetters.news) {
      this.#recent.mark(partition, { offset, verdict: "dead-letter" });
    }
    return { ...group, at, deadLetters: { count: deadLetters.count, isExact: deadLetters.isExact } };
  }

  async #lookAtStore() {
    const { news, ...look } = await this.#store.look();
    this.#recent.add(news, Date.now());
    return look;
  }

  #picture(): Picture {
    const at = Date.now();
    const { topic, group, kafka, store: setting } = this.#config;
    const { broker, store, registry } = this.#sources;
    const { partitions = [], members = [], state = null, deadLetters } = broker.latest ?? {};
    const { items = [], itemCount = 0, users = [], userCount = 0, accepted = 0, rejected = {} } = store.latest ?? {};
    const lags = partitions.map(({ lag, start, end }) => lag ?? end - start);
    const deadLettered = deadLetters?.count ?? 0;
    return {
      at,
      topic,
      group,
      place: {
        store: placeOf(setting),
        kind: setting.database === undefined ? "files" : "tables",
        brokers: kafka.brokers.join(","),
      },
      health: { broker: broker.health, store: store.health, registry: registry.health },
      lanes: partitions.map(({ partition, start, committed, end, lag, unreadSince }) => ({
        partition,
        start,
        committed,
        end,
        lag,
        lagSeconds: lag === 0 ? 0 : unreadSince === null ? null : Math.max(0, (at - unreadSince) / 1_000),
        owner: members.find((member) => member.partitions.includes(partition))?.id ?? null,
        marks: this.#recent.marks(partition),
      })),
      members,
      groupState: state,
      rebalances: [...this.#rebalances.rebalances],
      totals: {
        accepted,
        rejected,
        deadLettered,
        exact: store.latest?.isExact === true && deadLetters?.isExact === true,
      },
      rate: this.#rates.add({
        at,
        accepted,
        rejected,
        deadLettered,
        lag: broker.health.ok ? lags.reduce((sum, lag) => sum + lag, 0) : null,
        sampled: store.latest?.isSampled ?? false,
      }),
      stock: { items: this.#bars.bars(at, items), count: itemCount },
      users: { users, count: userCount },
      orders: this.#recent.latest(),
    };
  }
}
