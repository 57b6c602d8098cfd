import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";
import { type Injection, StoreWorld } from "./store_world.ts";

/** Share of the kills and rough number of each call that a driver's main thread makes in 12 batches. */
const KILLS = [
  { call: "write", share: 0.3, count: 45 },
  { call: "fdatasync", share: 0.25, count: 15 },
  { call: "openat", share: 0.15, count: 60 },
  { call: "fsync", share: 0.1, count: 12 },
  { call: "rename", share: 0.1, count: 6 },
  { call: "flock", share: 0.08, count: 90 },
  { call: "ftruncate", share: 0.02, count: 1 },
];
const BATCHES = 12;

/** A kill at a random call of the store; every third time at a call on one file of it. */
export function randomKill(random: () => number, { layout, notes }: StoreWorld): Injection {
  if (random() < 0.33) {
    const files = [layout.orders, layout.edits, layout.rejected, layout.positions, `${layout.inventory}.tmp`, notes];
    const call = random() < 0.5 ? "write" : "/^f(data)?sync$";
    const file = files[Math.floor(random() * files.length)];
    return { call, when: 1 + Math.floor(random() * 4), what: "signal=SIGKILL", files: [file] };
  }
  let rest = random();
  const kill = KILLS.find(({ share }) => (rest -= share) < 0) ?? KILLS[0];
  return { call: kill.call, when: 1 + Math.floor(random() * kill.count), what: "signal=SIGKILL" };
}

/** One to three drivers killed, one that ends the work. */
export async function runKills(context: FaultContext, root?: string): Promise<FaultOutcome> {
  using world = await StoreWorld.create(context, { batches: BATCHES, root });
  let recoveryMs = 0;
  const times = 1 + Math.floor(context.random() * 3);
  for (let time = 0, kills = 0; time < times; time++) {
    const injection = randomKill(context.random, world);
    const drive = await world.drive(kills === 0 ? injection : { ...injection, when: Math.ceil(injection.when / 2) });
    if (drive.code === 0) break;
    if (drive.code !== 137) return world.outcome(0, [`a driver ended with ${drive.code}: ${drive.stderr}`]);
    if (kills++ > 0) recoveryMs = Math.max(recoveryMs, drive.firstCommitMs);
  }
  const last = await world.drive();
  recoveryMs = Math.max(recoveryMs, last.firstCommitMs);
  return world.outcome(recoveryMs, last.code === 0 ? [] : [`the last driver ended with ${last.code}: ${last.stderr}`]);
}

export const KILL_FAULTS: readonly Fault[] = [{
  row: 1,
  name: "kill -9 at every system call of the store",
  runs: { full: 500, sample: 8 },
  run: (context) => runKills(context),
}];
