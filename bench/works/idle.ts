import { setTimeout as delay } from "node:timers/promises";
import { cpuSeconds } from "../proc.ts";
import type { Work } from "../work.ts";

const WARM_UP_MS = 20_000;
const MEASURED_MS = 30_000;

/** CPU time of a consumer that waits for orders. */
export const IDLE: Work = {
  name: "idle",
  title: "CPU of a waiting consumer",
  unit: "%",
  target: { bound: "at most", plus: 1 },
  async prepare(world) {
    const storage = await world.storage();
    return async () => {
      storage.restore();
      await using consumer = world.startConsumer({ topic: await world.newTopic(), folder: storage.folder });
      await delay(WARM_UP_MS, undefined, world);
      const [before, since] = [cpuSeconds(consumer.pid), performance.now()];
      await delay(MEASURED_MS, undefined, world);
      const used = cpuSeconds(consumer.pid) - before;
      return { ours: 100 * used / ((performance.now() - since) / 1_000) };
    };
  },
};
