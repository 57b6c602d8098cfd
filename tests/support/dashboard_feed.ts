import assert from "node:assert/strict";
import type { KafkaConnection } from "../../lib/connections.ts";
import { messageOf } from "../../lib/errors.ts";
import type { Feed } from "../../tools/dashboard/feed.ts";
import { openFeed } from "../../tools/dashboard/feed/open_feed.ts";
import { eventually, ownWorld, task } from "./commands.ts";
import { testKafka, testRegistry } from "./kafka.ts";
import { connectionTo } from "./postgres.ts";
import { TestDatabase } from "./postgres_database.ts";

export type Picture = NonNullable<Feed["snapshot"]>;

/** A store of a test's own with the sample users and items, and what its commands need to know. */
export interface FeedWorld extends AsyncDisposable {
  env: Record<string, string>;
  storage: string;
}

/** In files, or with `database` in PostgreSQL. */
export async function feedWorld({ database = false } = {}): Promise<FeedWorld> {
  const world = ownWorld();
  const tables = database ? await TestDatabase.empty() : undefined;
  const env: Record<string, string> = { ...world.env };
  if (tables !== undefined) env.DATABASE_URL = tables.url;
  await ok("bootstrap", [], env);
  return {
    env,
    storage: world.storage,
    async [Symbol.asyncDispose]() {
      await tables?.[Symbol.asyncDispose]();
      world[Symbol.dispose]();
    },
  };
}

/** A feed with somebody who listens; closed when disposed. */
export class TestFeed implements AsyncDisposable {
  readonly feed: Feed;
  latest: Picture | undefined;
  readonly #stop: () => void;

  private constructor(feed: Feed) {
    this.feed = feed;
    this.latest = feed.snapshot;
    this.#stop = feed.listen((picture) => this.latest = picture);
  }

  static async open({ env, storage }: FeedWorld, brokers: KafkaConnection = testKafka()): Promise<TestFeed> {
    const database = env.DATABASE_URL === undefined ? undefined : connectionTo(env.DATABASE_URL);
    const { ORDERS_TOPIC: topic, CONSUMER_GROUP_ID: group } = env;
    const store = { storage, database };
    return new TestFeed(await openFeed({ kafka: brokers, registry: testRegistry(), topic, group, store }));
  }

  /** The first picture of which `look` says something. */
  async shows<T>(what: string, look: (picture: Picture) => T | undefined | false): Promise<T> {
    try {
      return await eventually(what, () => this.latest && (look(this.latest) || undefined), 40_000);
    } catch (cause) {
      const { orders: _, stock: _s, ...latest } = this.latest ?? {};
      throw new Error(`${messageOf(cause)}; it shows ${JSON.stringify(latest)}`, { cause });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    await this.feed.close();
  }
}

/** Runs a task that has to succeed; what it printed. */
export async function ok(name: string, args: string[], env: Record<string, string>): Promise<string> {
  const { code, stdout, stderr } = await task(name, args, env);
  assert.equal(code, 0, `deno task ${name} ${args.join(" ")}: ${stderr}`);
  return stdout;
}
