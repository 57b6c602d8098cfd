import { setTimeout as delay } from "node:timers/promises";
import { readState } from "../tools/stack/state.ts";
import { type BenchWorld, newName } from "./bench_world.ts";
import type { BenchDatabase } from "./database.ts";
import { cpuSeconds, cpuSecondsOfAll, residentMb } from "./proc.ts";
import type { Process } from "./process.ts";

const LOOK_MS = 20;

/** Consumers and the orders that they judge; one consumer, 3 partitions, 3 items by default. */
export interface JudgeWish {
  consumers?: number;
  partitions?: number;
  items?: number;
  /** What `produce --key` takes as the key. */
  key?: "item" | "none";
}

export interface Judged {
  /** Orders per second, of all consumers together. */
  rate: number;
  /** CPU seconds per million orders; the broker's include receiving them. */
  cpuPerMillion: { consumers: number; broker: number; database: number };
  /** The highest peak of any consumer. */
  residentMb: number;
}

/**
 * Has a group judge `world.orders` orders: they are sent when every consumer has its share, and time runs from the start of
 * the first transaction until all are judged.
 */
export async function judge(world: BenchWorld, database: BenchDatabase, wish: JudgeWish = {}): Promise<Judged> {
  const { consumers: count = 1, partitions, items, key = "item" } = wish;
  const [topic, { folder }] = [await world.newTopic(partitions), await world.storage({ items })];
  const place = { topic, folder, database: database.url, group: newName() };
  await using started = new AsyncDisposableStack();
  const shares: string[] = [];
  const consumers = Array.from({ length: count }, (_, index) => {
    const onLine = (text: string) => text.startsWith("joined as ") && (shares[index] = text);
    return started.use(world.startConsumer({ ...place, onLine }));
  });
  await shared(consumers, shares, world.signal);
  const before = cpu(world, consumers);
  const args = ["--count", `${world.orders}`, "--delay", "0", "--mix", "unpaid=0", "--key", key];
  await world.send("produce", args, { topic, folder });
  const rate = await database.rateOf(topic, world.orders, world.signal);
  const after = cpu(world, consumers);
  const used = (name: keyof typeof after) => (after[name] - before[name]) / world.orders * 1e6;
  return {
    rate,
    cpuPerMillion: { consumers: used("consumers"), broker: used("broker"), database: used("database") },
    residentMb: Math.max(...consumers.map(({ pid }) => residentMb(pid).peak)),
  };
}

/** Resolves once each of `consumers` has said that it shares with all others. */
async function shared(consumers: readonly Process[], shares: readonly string[], signal: AbortSignal): Promise<void> {
  const isLast = (_: Process, index: number) => shares[index]?.includes(` of ${consumers.length}:`);
  while (!consumers.every(isLast)) {
    for (const { pid } of consumers) residentMb(pid); // throws if it has ended
    await delay(LOOK_MS, undefined, { signal });
  }
}

/** CPU time that the database has used so far, in seconds. */
export function databaseCpu({ settings: { dataDir } }: BenchWorld): number {
  return cpuSecondsOfAll(readState(dataDir)!.pids.postgres.pid);
}

function cpu(world: BenchWorld, consumers: readonly Process[]) {
  const broker = readState(world.settings.dataDir)!.pids["broker-1"];
  return {
    consumers: consumers.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0),
    broker: cpuSeconds(broker.pid),
    database: databaseCpu(world),
  };
}
