import { setTimeout as delay } from "node:timers/promises";
import { residentMb } from "../proc.ts";
import type { Work } from "../work.ts";

const LOOK_MS = 100;
/** Time for the last checkpoint and garbage collection. */
const SETTLE_MS = 2_000;
/** Orders from which on the targets mean something. */
const FULL_SIZE = 1_000_000;

export const MEMORY: Work = memory({ title: "memory, peak, log as long as the topic", factor: 1, limitMb: 300 });
export const MEMORY_TENFOLD: Work = {
  ...memory({ title: "memory, peak, log ten times as long", factor: 10, limitMb: 700 }),
  skip: (orders) => orders < FULL_SIZE ? `takes --orders ${FULL_SIZE} or more` : undefined,
};

/** A consumer's peak memory while it adds the topic to a log, and its memory afterwards. */
function memory({ title, factor, limitMb }: { title: string; factor: number; limitMb: number }): Work {
  return {
    name: "memory",
    title,
    unit: "MB",
    target: { bound: "at most", plus: limitMb },
    async prepare(world) {
      const [topic, storage] = [await world.topicWith(), await world.storage({ logged: factor * world.orders })];
      return async () => {
        storage.restore();
        await using consumer = world.startConsumer({ topic, folder: storage.folder });
        while (storage.seqNow() < storage.lastSeq + world.orders) {
          residentMb(consumer.pid); // throws where it has ended
          await delay(LOOK_MS, undefined, world);
        }
        await delay(SETTLE_MS, undefined, world);
        const { peak, now } = residentMb(consumer.pid);
        return { ours: peak, details: { afterwards: now } };
      };
    },
  };
}
