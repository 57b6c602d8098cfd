import { EXIT } from "../../lib/errors.ts";
import { eventually, type RunningTask } from "../support/commands.ts";
import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";
import { brokenOf, endOf, KafkaWorld, moment } from "./kafka_world.ts";

/** A consumer that ends because its topic was recreated is started again so often at most, as a service would be. */
const STARTS = 3;
const PATIENCE_MS = 15_000;

/**
 * Row 19: the topic is deleted and made anew, while the consumer runs or is stopped; the new log is soon longer than the
 * old one was, or stays shorter. Every order of the new topic gets a verdict, without a reset by hand.
 */
export const topicRecreated: Fault = {
  row: 19,
  name: "topic recreated",
  runs: { full: 10, sample: 1 },
  async run(context: FaultContext): Promise<FaultOutcome> {
    const { random } = context;
    await using world = await KafkaWorld.create(context);
    await world.send(100);
    const consumer = await world.consumer();
    await eventually("verdicts on the old topic", () => world.verdicts() >= 100);
    const state = (["running", "frozen", "stopped"] as const)[Math.floor(random() * 3)];
    if (state === "stopped") await stopped(consumer);
    if (state === "frozen") consumer.signal("SIGSTOP");
    const recreatedAt = performance.now();
    await world.recreateTopic();
    await world.send(random() < 0.7 ? 200 : 50);
    if (state === "frozen") consumer.signal("SIGCONT");
    await moment(random() * 1_000);
    await world.send(10);
    const codes = state === "stopped" ? [] : [await endOnceJudged(world, consumer)];
    while (codes.at(-1) !== EXIT.ok && codes.length < STARTS) {
      codes.push(await endOnceJudged(world, world.start("consume")));
    }
    return await world.outcome(
      performance.now() - recreatedAt,
      brokenOf({
        [`${state}: every consumer ends with 0 or says 65, they ended with ${codes}`]: codes.at(-1) === EXIT.ok &&
          codes.every((code) => code === EXIT.ok || code === EXIT.data),
      }),
    );
  },
};

/**
 * Stops the consumer once every order has a verdict or nothing comes any more; returns its exit code, even if it ends
 * earlier.
 */
async function endOnceJudged(world: KafkaWorld, running: RunningTask): Promise<number> {
  await using consumer = running;
  let ended = false;
  consumer.end.then(() => ended = true);
  await eventually(
    "every order is judged, or the consumer ends",
    () => ended || world.unjudged().length === 0,
    PATIENCE_MS,
  )
    .catch(() => {}); // the outcome counts what is lost
  return await stopped(consumer);
}

async function stopped(consumer: RunningTask): Promise<number> {
  try {
    consumer.signal("SIGTERM");
  } catch {
    // has ended by itself
  }
  return (await endOf(consumer)).code;
}
