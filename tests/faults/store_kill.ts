import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";
import { killConsumer } from "./store_consumer.ts";
import { type Injection, noStrace, StoreWorld } from "./store_world.ts";

/**
 * Share of the kills at each call, and between which ones of a thread's calls they lie in 12 batches. The runtime makes
 * calls of its own: only openat has many of them before the store's first.
 */
const KILLS = [
  { call: "write", share: 0.3, first: 1, last: 75 },
  { call: "fdatasync", share: 0.25, first: 1, last: 11 },
  { call: "openat", share: 0.15, first: 150, last: 240 },
  { call: "fsync", share: 0.1, first: 1, last: 30 },
  { call: "rename", share: 0.1, first: 1, last: 14 },
  { call: "flock", share: 0.08, first: 1, last: 72 },
  { call: "ftruncate", share: 0.02, first: 1, last: 1 },
];
const BATCHES = 12;

/**
 * A kill at a random call of the store. The last of a run mostly meets a single file, the journals above all: the driver
 * after it is watched whole, and must not build on what this one did not sync.
 */
export function randomKill(random: () => number, { layout, notes }: StoreWorld, isLast: boolean): Injection {
  const isAtFile = isLast && random() < 0.7;
  const files = [
    layout.orders,
    layout.edits,
    layout.edits,
    layout.rejected,
    layout.positions,
    `${layout.inventory}.tmp`,
    notes,
  ];
  const file = files[Math.floor(random() * files.length)];
  let rest = isAtFile ? random() * 0.55 : random();
  const { call, first, last } = KILLS.find(({ share }) => (rest -= share) < 0) ?? KILLS[0];
  const from = first + Math.floor(random() * (last - first + 1) / (isAtFile ? 2 : 1));
  return { call, from, what: "signal=SIGKILL", files: isAtFile ? [file] : undefined };
}

/** One to three drivers killed, one that ends the work. */
export async function runKills(context: FaultContext, root?: string): Promise<FaultOutcome> {
  using world = await StoreWorld.create(context, { batches: BATCHES, root });
  let recoveryMs = 0;
  const times = 1 + Math.floor(context.random() * 3);
  for (let kills = 0; kills < times; kills++) {
    const { code, stderr, firstCommitMs } = await world.drive(randomKill(context.random, world, kills === times - 1));
    if (code === 0) break;
    if (code !== 137) return world.outcome(0, [`a driver ended with ${code}: ${stderr}`]);
    if (kills > 0) recoveryMs = Math.max(recoveryMs, firstCommitMs);
  }
  const last = await world.drive();
  recoveryMs = Math.max(recoveryMs, last.firstCommitMs);
  return world.outcome(recoveryMs, last.code === 0 ? [] : [`the last driver ended with ${last.code}: ${last.stderr}`]);
}

/** A driver killed between an append to a journal and its sync; the next one must not build on what it left. */
export async function runUnsynced(context: FaultContext, root?: string): Promise<FaultOutcome> {
  const { random } = context;
  using world = await StoreWorld.create(context, { batches: BATCHES, root });
  const file = random() < 0.7 ? world.layout.orders : world.layout.edits;
  const from = 1 + Math.floor(random() * 6);
  await world.drive({ call: "fdatasync", from, what: "signal=SIGKILL", files: [file] });
  const last = await world.drive();
  const broken = last.code === 0 ? [] : [`the last driver ended with ${last.code}: ${last.stderr}`];
  return world.outcome(last.firstCommitMs, broken);
}

/** Drivers killed while they compact a journal, and one that ends the work. */
export async function runCompactionKills(context: FaultContext, root?: string): Promise<FaultOutcome> {
  const { random } = context;
  using world = await StoreWorld.create(context, { batches: 3 * BATCHES, root });
  const { layout, folder } = world;
  let recoveryMs = 0;
  for (let kills = 0; kills < 3; kills++) {
    const journal = random() < 0.5 ? layout.positions : layout.edits;
    const call = ["rename", "fsync", "write", "openat"][Math.floor(random() * 4)];
    // The new name is durable once the folder is synced.
    const files = call === "fsync" && random() < 0.5 ? [folder] : [`${journal}.tmp`];
    const kill: Injection = { call, from: 1 + Math.floor(random() * 4), what: "signal=SIGKILL", files };
    const { firstCommitMs } = await world.drive(kill);
    if (kills > 0) recoveryMs = Math.max(recoveryMs, firstCommitMs);
  }
  const last = await world.drive();
  recoveryMs = Math.max(recoveryMs, last.firstCommitMs);
  return world.outcome(recoveryMs, last.code === 0 ? [] : [`the last driver ended with ${last.code}: ${last.stderr}`]);
}

/** Row 1: the real consumer now and then, a journal before its sync every fifth time, else any call of the store. */
async function killAnywhere(context: FaultContext): Promise<FaultOutcome> {
  const choice = context.random();
  if (choice < 0.05) return await killConsumer(context, "anywhere");
  return await (choice < 0.25 ? runUnsynced(context) : runKills(context));
}

/** Drivers killed just before they commit an offset whose batch is durable, and one that ends the work. */
export async function runLostCommits(context: FaultContext, root?: string): Promise<FaultOutcome> {
  using world = await StoreWorld.create(context, { batches: BATCHES, root });
  let recoveryMs = 0;
  const times = 1 + Math.floor(context.random() * 3);
  for (let kills = 0; kills < times; kills++) {
    const from = 1 + Math.floor(context.random() * 75);
    const kill: Injection = { call: "write", from, what: "signal=SIGKILL", files: [world.notes] };
    const { firstCommitMs } = await world.drive(kill);
    if (kills > 0) recoveryMs = Math.max(recoveryMs, firstCommitMs);
  }
  const last = await world.drive();
  return world.outcome(
    Math.max(recoveryMs, last.firstCommitMs),
    last.code === 0 ? [] : [`the last driver ended with ${last.code}: ${last.stderr}`],
  );
}

export const KILL_FAULTS: readonly Fault[] = [{
  row: 1,
  name: "kill -9 at every system call of the store",
  runs: { full: 500, sample: 8 },
  skip: noStrace,
  run: killAnywhere,
}, {
  row: 7,
  name: "offset commit lost",
  runs: { full: 100, sample: 4 },
  skip: noStrace,
  run: (context) => context.random() < 0.25 ? killConsumer(context, "before commit") : runLostCommits(context),
}, {
  row: 30,
  name: "kill -9 while a journal is compacted",
  runs: { full: 100, sample: 4 },
  skip: noStrace,
  run: (context) => runCompactionKills(context),
}];
