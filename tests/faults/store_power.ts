import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";
import { randomKill } from "./store_kill.ts";
import { Mount, noLoop } from "./store_mount.ts";
import { noStrace, StoreWorld } from "./store_world.ts";

const BATCHES = 12;

/**
 * A driver killed at a random call, then the power of its disk lost; with earlier kills whose unsynced lines a later
 * driver may have built on. The broker's data lies elsewhere and has every commit.
 */
async function runPowerLoss(context: FaultContext): Promise<FaultOutcome> {
  const { random } = context;
  using disk = Mount.loop(random() < 0.5 ? "ext4" : "xfs");
  using world = await StoreWorld.create(context, { batches: BATCHES, folder: `${disk.path}/storage` });
  const broken: string[] = [];
  let recoveryMs = 0;
  disk.sync();
  for (let losses = 1 + Math.floor(random() * 2); losses > 0 && broken.length === 0; losses--) {
    for (let kills = 1 + Math.floor(random() * 3); kills > 0; kills--) {
      const { code, stderr } = await world.drive(randomKill(random, world, kills === 1));
      if (code !== 0 && code !== 137) broken.push(`a driver ended with ${code}: ${stderr}`);
    }
    const start = performance.now();
    await disk.losePower();
    recoveryMs = Math.max(recoveryMs, performance.now() - start);
  }
  const last = await world.drive();
  if (last.code !== 0) broken.push(`the last driver ended with ${last.code}: ${last.stderr}`);
  return world.outcome(recoveryMs + last.firstCommitMs, broken);
}

export const POWER_FAULTS: readonly Fault[] = [{
  row: 2,
  name: "power loss, ext4 or XFS by turns",
  runs: { full: 400, sample: 4 },
  skip: () => noStrace() ?? noLoop(),
  run: runPowerLoss,
}];
