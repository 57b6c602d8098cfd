import type { BenchWorld } from "../bench_world.ts";
import { databaseCpu, judge, type Judged, type JudgeWish } from "../judge_on_database.ts";
import { cpuSeconds } from "../proc.ts";
import type { Work } from "../work.ts";
import { firstVerdict, topicOfOne } from "./start.ts";

const PLAINEST = "one consumer, 3 partitions, 3 items";
/** Enough that each partition has some. */
const SPREAD = { partitions: 12, items: 120 };
const rates = { unit: "orders/s" } as const;

/** Judging into an empty database, against a bare insert of the same rows. */
export const POSTGRES: Work = {
  ...rates,
  name: "postgres",
  title: "PostgreSQL, one consumer",
  peer: "a bare INSERT … SELECT FROM unnest, one connection",
  target: { bound: "at least", times: 0.8 },
  prepare: (world) =>
    Promise.resolve(async () => {
      await using database = await world.newDatabase();
      const { rate, ...details } = await judge(world, database);
      const [client, server] = [cpuSeconds(Deno.pid), databaseCpu(world)];
      const peer = await database.bareRate(world.orders);
      const perMillion = (seconds: number) => seconds / world.orders * 1e6;
      const peerCpuPerMillion = {
        client: perMillion(cpuSeconds(Deno.pid) - client),
        database: perMillion(databaseCpu(world) - server),
      };
      return { ours: rate, peer, details: { ...details, peerCpuPerMillion } };
    }),
};

const one = { name: "postgres-group", peer: "one consumer, 12 partitions, 120 items", base: SPREAD };
const plain = { name: "postgres-items", peer: PLAINEST, base: {} };

/** What each of these gains or costs, against a plainer case. */
export const POSTGRES_CASES: readonly Work[] = [
  against({ ...one, title: "two consumers", times: 1 }, { ...SPREAD, consumers: 2 }),
  against({ ...one, title: "four consumers", times: 1 }, { ...SPREAD, consumers: 4 }),
  against({ ...plain, title: "12 partitions, 120 items", times: 0.8 }, SPREAD),
  against({ ...plain, title: "one hot item, which is one partition", times: 0.5 }, { items: 1 }),
  against({ ...plain, title: "one hot item in all partitions (--key none)", times: 0.5 }, { items: 1, key: "none" }),
  against({ ...plain, title: "100,000 items", times: 0.8 }, { items: 100_000 }),
];

/** What a long table costs a start. */
export const POSTGRES_START: Work = {
  name: "postgres-long",
  title: "PostgreSQL, start to first verdict, table ten times as long",
  unit: "ms",
  peer: "with an empty table",
  target: { bound: "at most", times: 1, plus: 1_000 },
  async prepare(world) {
    const storage = await world.storage();
    const long = await world.longDatabase();
    return async () => {
      await using empty = await world.newDatabase();
      const topic = await topicOfOne(world, storage);
      const first = ({ url }: { url: string }) => firstVerdict(world, topic, { folder: storage.folder, database: url });
      return { ours: await first(long), peer: await first(empty) };
    };
  },
};

/** What a long table costs an order. */
export const POSTGRES_GROWTH: Work = {
  ...rates,
  name: "postgres-long",
  title: "PostgreSQL, table ten times as long",
  peer: "with an empty table",
  target: { bound: "at least", times: 0.8 },
  async prepare(world) {
    const long = await world.longDatabase();
    return async () => {
      const { rate, ...details } = await judge(world, long);
      return { ours: rate, peer: (await inEmpty(world, {})).rate, details };
    };
  },
};

interface Comparison {
  name: string;
  title: string;
  peer: string;
  /** What the peer judges. */
  base: JudgeWish;
  times: number;
}

function against({ name, title, peer, base, times }: Comparison, wish: JudgeWish): Work {
  return {
    ...rates,
    name,
    title: `PostgreSQL, ${title}`,
    peer,
    target: { bound: "at least", times },
    prepare: (world) =>
      Promise.resolve(async () => {
        const { rate, ...details } = await inEmpty(world, wish);
        return { ours: rate, peer: (await inEmpty(world, base)).rate, details };
      }),
  };
}

async function inEmpty(world: BenchWorld, wish: JudgeWish): Promise<Judged> {
  await using database = await world.newDatabase(wish);
  return await judge(world, database, wish);
}
