import { registryHttp } from "../../../lib/avro/registry_http.ts";
import type { KafkaSettings } from "../../../lib/cli/settings.ts";
import { createKafka } from "../../../lib/kafka/client/client.ts";
import { DeadLetterCount } from "../../../lib/kafka/inspect/dead_letter_count.ts";
import { GroupWatch } from "../../../lib/kafka/inspect/group_watch.ts";
import type { StoreWatch } from "../../../lib/store_watch.ts";
import { valueSubject } from "../../../lib/topics.ts";
import { placeOf, type StoreSetting, watchStore } from "../../open_store.ts";
import { LIMITS, type Member, type RatePoint, type Snapshot } from "../snapshot.ts";
import { Pace, RateHistory } from "./rates.ts";
import { RebalanceWatch } from "./rebalance_watch.ts";
import { RecentOrders } from "./recent_orders.ts";
import { Source } from "./source.ts";
import { StockBars } from "./stock_bars.ts";
import { Tenures } from "./tenures.ts";

/** How often the registry is asked, in milliseconds. */
const REGISTRY_MS = 10_000;
/** How long a picture waits for a source that does not answer. */
const PATIENCE_MS = 900;
/** Verdicts of each kind that a look at the store brings. */
const MAX_NEWS = 200;
/** Whoever looks again in a second need not try again now. */
export const IMPATIENT = { requestTimeout: 5_000, retry: { retries: 0 } };

/** What to look at. */
export interface FeedConfig extends KafkaSettings {
  group: string;
  store: StoreSetting;
}

export type Picture = Omit<Snapshot, "play">;

/** Looks at broker, store and registry, and puts together what it sees now and saw before. The caller closes. */
export class Lookout {
  readonly store: StoreWatch;
  readonly recent: RecentOrders;
  readonly rates = new RateHistory();
  readonly #config: FeedConfig;
  readonly #group: GroupWatch;
  readonly #deadLetters: DeadLetterCount;
  readonly #sources;
  readonly #pace = { store: new Pace(), deadLetters: new Pace() };
  readonly #bars = new StockBars();
  readonly #rebalances = new RebalanceWatch();
  readonly #tenures = new Tenures();

  constructor(config: FeedConfig) {
    this.#config = config;
    const { kafka, registry, topic, group, store } = config;
    this.#group = new GroupWatch(createKafka(kafka, IMPATIENT), { topic, group });
    this.#deadLetters = new DeadLetterCount(createKafka(kafka, IMPATIENT), topic);
    this.store = watchStore(store, { news: MAX_NEWS, items: LIMITS.items, users: LIMITS.users });
    this.recent = new RecentOrders(topic);
    const versions = `/subjects/${encodeURIComponent(valueSubject(topic))}/versions`;
    this.#sources = {
      broker: new Source(() => this.#lookAtKafka()),
      store: new Source(() => this.#lookAtStore()),
      registry: new Source(() => registryHttp(registry)(versions)),
    };
  }

  /** The stock and the users that were seen last. */
  get rows() {
    const { items = [], users = [] } = this.#sources.store.latest ?? {};
    return { items, users };
  }

  /** A picture of now, as far as the sources answer soon; never rejects. */
  async look(): Promise<Picture> {
    const { broker, store, registry } = this.#sources;
    const { health } = registry;
    if (!health.ok || Date.now() - health.at >= REGISTRY_MS) void registry.refresh();
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, PATIENCE_MS);
    await Promise.race([Promise.all([broker.refresh(), store.refresh()]), late]);
    clearTimeout(timer);
    return this.#picture();
  }

  /** Once looks under way have settled. */
  async close(): Promise<void> {
    await Promise.all(Object.values(this.#sources).map((source) => source.settled));
    await Promise.all([this.#group.close(), this.#deadLetters.close(), this.store.close()]);
  }

  async #lookAtKafka() {
    const group = await this.#group.look();
    const at = Date.now();
    this.#rebalances.see({ at, ...group });
    this.#tenures.see(at, group.partitions.map(({ partition }) => ({ partition, owner: ownerOf(partition, group) })));
    const ends = new Map(group.partitions.map(({ partition, end }) => [partition, end]));
    const { news, ...deadLetters } = await this.#deadLetters.look(ends);
    for (const { partition, offset } of news) this.recent.mark(partition, { offset, verdict: "dead-letter" });
    return { ...group, at, deadLetters };
  }

  async #lookAtStore() {
    const { news, ...look } = await this.store.look();
    const at = Date.now();
    this.recent.add(news, at);
    return { at, ...look };
  }

  #picture(): Picture {
    const at = Date.now();
    const { topic, group, kafka, store: setting } = this.#config;
    const { broker, store, registry } = this.#sources;
    const { partitions = [], members = [], state = null, deadLetters } = broker.latest ?? {};
    const { items = [], itemCount = 0, users = [], userCount = 0, accepted = 0, rejected = {} } = store.latest ?? {};
    const exact = store.latest?.isExact === true && deadLetters?.isExact === true;
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
      lanes: partitions.map(({ unreadSince, ...lane }) => ({
        ...lane,
        lagSeconds: lane.lag === 0 ? 0 : unreadSince === null ? null : Math.max(0, (at - unreadSince) / 1_000),
        owner: ownerOf(lane.partition, { members }),
        marks: this.recent.marks(lane.partition),
      })),
      members,
      groupState: state,
      rebalances: [...this.#rebalances.rebalances],
      rebalanceCount: this.#rebalances.count,
      tenures: this.#tenures.all(),
      totals: { accepted, rejected, deadLettered: deadLetters?.count ?? 0, exact },
      rate: this.rates.add(this.#rate(at)),
      stock: { items: this.#bars.bars(at, items), count: itemCount },
      users: { users, count: userCount },
      orders: this.recent.latest(),
    };
  }

  #rate(at: number): RatePoint {
    const { broker, store } = this.#sources;
    const look = store.health.ok ? store.latest : undefined;
    const kafka = broker.health.ok ? broker.latest : undefined;
    const { accepted = 0, ...rejected } = this.#pace.store.see(
      look && { at: look.at, counts: { accepted: look.fresh.accepted, ...look.fresh.rejected } },
    );
    const { deadLettered = 0 } = this.#pace.deadLetters.see(
      kafka && { at: kafka.at, counts: { deadLettered: kafka.deadLetters.fresh } },
    );
    // All of a partition that the group has committed nothing of is to be read.
    const lag = kafka?.partitions.reduce((sum, { lag, start, end }) => sum + (lag ?? end - start), 0) ?? null;
    return { at, accepted, rejected, deadLettered, lag, sampled: look?.isSampled ?? false };
  }
}

function ownerOf(partition: number, { members }: { members: readonly Member[] }): string | null {
  return members.find(({ partitions }) => partitions.includes(partition))?.id ?? null;
}
