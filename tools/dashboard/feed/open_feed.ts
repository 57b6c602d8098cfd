import { EXIT, Failure, messageOf } from "../../../lib/errors.ts";
import { createKafka } from "../../../lib/kafka/client/client.ts";
import { nameKey } from "../../../lib/order.ts";
import type { Feed } from "../feed.ts";
import type { DeadLettersAnswer, OrdersAnswer, RatePoint, SchemasAnswer, WhyAnswer } from "../snapshot.ts";
import { type FeedConfig, IMPATIENT, Lookout, type Picture } from "./lookout.ts";
import { askDeadLetters, askSchemas, askWhy, type Topic } from "./questions.ts";

/** How often is looked while somebody listens, and while nobody does, in milliseconds. */
const TICK_MS = 1_000;
const QUIET_TICK_MS = 5_000;

/**
 * Looks at Kafka, the store and the registry again and again, and shows what it sees. What is away does not make it
 * fail: the picture says since when. Resolves after the first look, within a second or so. The caller closes.
 *
 * Permissions: net; read of the storage folder; env as kafkajs needs.
 */
export async function openFeed(config: FeedConfig): Promise<Feed> {
  const feed = new LiveFeed(config);
  await feed.begin();
  return feed;
}

/** Says that it is Kafka that did not answer. */
function throwAway(cause: unknown): never {
  throw cause instanceof Failure
    ? cause
    : new Failure(EXIT.unavailable, `Kafka is away: ${messageOf(cause)}`, { cause });
}

class LiveFeed implements Feed {
  readonly #lookout: Lookout;
  readonly #topic: Topic;
  readonly #listeners = new Set<(picture: Picture) => void>();
  #snapshot: Picture | undefined;
  #isClosed = false;
  #asked: Promise<unknown> = Promise.resolve();
  #running: Promise<void> = Promise.resolve();
  /** Ends the pause before the next look, which is then worked out anew. */
  #wake = () => {};

  constructor(config: FeedConfig) {
    const { kafka, registry, topic } = config;
    this.#lookout = new Lookout(config);
    this.#topic = { kafka: createKafka(kafka, IMPATIENT), registry, topic };
  }

  get snapshot(): Picture | undefined {
    return this.#snapshot;
  }

  get rates(): readonly RatePoint[] {
    return this.#lookout.rates.points;
  }

  async begin(): Promise<void> {
    this.#snapshot = await this.#lookout.look();
    this.#running = this.#run();
  }

  listen(listener: (picture: Picture) => void): () => void {
    const own = (picture: Picture) => listener(picture); // the same function may listen twice
    this.#listeners.add(own);
    this.#wake();
    return () => void this.#listeners.delete(own);
  }

  orders(text: string): OrdersAnswer {
    return this.#lookout.recent.search(text);
  }

  async why(orderId: string): Promise<WhyAnswer> {
    const story = await this.#inTurn(() => askWhy(this.#topic, this.#lookout.store, orderId));
    const order = story.accepted ?? story.rejections.at(-1);
    if (order === undefined) return story;
    const { items, users } = this.#lookout.rows;
    const named = <T extends { name: string }>(rows: readonly T[], name: string) =>
      rows.find((row) => nameKey(row.name) === nameKey(name));
    const now = { status: named(users, order.user)?.status, quantity: named(items, order.item)?.quantity };
    return { ...story, now };
  }

  async deadLetters(): Promise<DeadLettersAnswer> {
    return await this.#inTurn(() => askDeadLetters(this.#topic).catch(throwAway));
  }

  async schemas(): Promise<SchemasAnswer> {
    return await this.#inTurn(() => askSchemas(this.#topic));
  }

  /** One question at a time: a search may go through millions of orders. */
  async #inTurn<T>(ask: () => Promise<T>): Promise<T> {
    const answer = this.#asked.then(ask);
    this.#asked = answer.catch(() => {});
    return await answer;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#listeners.clear();
    this.#wake();
    await Promise.all([this.#running, this.#asked]);
    await this.#lookout.close();
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      const wait = this.#nextLook - Date.now();
      if (wait > 0) {
        await this.#pause(wait);
        continue;
      }
      const picture = this.#snapshot = await this.#lookout.look();
      for (const listener of this.#listeners) listener(picture);
    }
  }

  /** At a full second. */
  get #nextLook(): number {
    const { at = 0 } = this.#snapshot ?? {};
    return at - at % TICK_MS + (this.#listeners.size > 0 ? TICK_MS : QUIET_TICK_MS);
  }

  #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#wake = () => {
      clearTimeout(timer);
      resolve();
    };
    return promise;
  }
}
