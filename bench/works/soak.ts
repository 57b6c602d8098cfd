import type { BenchWorld } from "../bench_world.ts";
import type { StorageImage } from "../storage_image.ts";
import type { Work } from "../work.ts";
import { firstVerdict, topicOfOne } from "./start.ts";

/**
 * A folder with months of edits and single-order batches, against a fresh one: journals are bounded, so both should
 * take the same time.
 */
const soak = {
  name: "soak",
  unit: "ms",
  peer: "on a fresh folder",
  target: { bound: "at most", times: 1.5 },
} as const;

async function folders(world: BenchWorld): Promise<[past: StorageImage, fresh: StorageImage]> {
  const [past, fresh] = [
    await world.storage({ batches: 10 * world.orders, edits: world.orders }),
    await world.storage(),
  ];
  for (const storage of [past, fresh]) storage.restore();
  return [past, fresh];
}

/** What a tool takes. */
export const SOAK_TOOL: Work = {
  ...soak,
  title: "inventory show, ten times as many batches behind",
  async prepare(world) {
    const [past, fresh] = await folders(world);
    const show = async (storage: StorageImage) => (await world.timed("inventory", ["show"], storage)).ms;
    return async () => ({ ours: await show(past), peer: await show(fresh) });
  },
};

/** What a start takes, from the start of `consume` to its first verdict. */
export const SOAK_START: Work = {
  ...soak,
  title: "start to first verdict, ten times as many batches behind",
  async prepare(world) {
    const [past, fresh] = await folders(world);
    return async () => {
      const topic = await topicOfOne(world, fresh);
      return { ours: await firstVerdict(world, topic, past), peer: await firstVerdict(world, topic, fresh) };
    };
  },
};
