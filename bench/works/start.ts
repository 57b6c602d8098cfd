import type { BenchWorld, Place } from "../bench_world.ts";
import { isVerdict } from "../our_output.ts";
import type { StorageImage } from "../storage_image.ts";
import type { Work } from "../work.ts";

/** From the start of `consume` to its first verdict: what reading the index of a long log costs. */
export const START: Work = {
  name: "start",
  title: "start to first verdict, log ten times as long",
  unit: "ms",
  peer: "with an empty log",
  target: { bound: "at most", times: 2, plus: 1_000 },
  async prepare(world) {
    const [long, empty] = [await world.storage({ logged: 10 * world.orders }), await world.storage()];
    for (const storage of [long, empty]) storage.restore();
    return async () => {
      const topic = await topicOfOne(world, empty);
      return { ours: await firstVerdict(world, topic, long), peer: await firstVerdict(world, topic, empty) };
    };
  },
};

/** A topic with a single order, which is accepted. */
export async function topicOfOne(world: BenchWorld, { folder }: StorageImage): Promise<string> {
  const topic = await world.newTopic();
  await world.send("produce", ["--count", "1", "--delay", "0", "--mix", "unpaid=0"], { topic, folder });
  return topic;
}

/**
 * Milliseconds until the order of `topic` is judged; the consumer then stops cleanly, so that the next start is quick.
 */
export async function firstVerdict(world: BenchWorld, topic: string, place: Omit<Place, "topic">): Promise<number> {
  const verdict = Promise.withResolvers<number>();
  const since = performance.now();
  const onLine = (line: string) => isVerdict(line) && verdict.resolve(performance.now() - since);
  await using consumer = world.startConsumer({ ...place, topic, onLine });
  const ended = consumer.end.then(({ code, stderr }) => {
    world.signal.throwIfAborted();
    throw new Error(`consume ended with ${code} and no verdict: ${stderr.trim()}`);
  });
  const took = await Promise.race([verdict.promise, ended]);
  ended.catch(() => {}); // from here on it is meant to end
  consumer.signal("SIGTERM");
  const { code, stderr } = await consumer.end;
  if (code !== 0) throw new Error(`consume did not stop cleanly: ${stderr.trim()}`);
  return took;
}
