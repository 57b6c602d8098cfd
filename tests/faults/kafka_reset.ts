import { setTimeout as delay } from "node:timers/promises";
import type { Consumer } from "kafkajs";
import { Failure } from "../../lib/errors.ts";
import { disconnect } from "../../lib/kafka/client/disconnect.ts";
import { changeOffsets } from "../../lib/kafka/offsets/change_offsets.ts";
import { planReset } from "../../lib/kafka/offsets/plan_reset.ts";
import { requireIdle } from "../../lib/kafka/offsets/require_idle.ts";
import { Subscription } from "../../lib/kafka/consume/subscription.ts";
import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";
import { brokenOf, KafkaWorld, moment } from "./kafka_world.ts";

/** The reset and the join are so far apart at most. */
const APART_MS = 60;

/**
 * Row 22: a reset while a member joins the group, 0-60 ms apart. Either it reports success, and the group is where it
 * was moved to; or it is refused, and everything is as it was, also after the next start.
 */
export const resetRacingJoin: Fault = {
  row: 22,
  name: "reset racing a join",
  runs: { full: 100, sample: 1 },
  async run(context: FaultContext): Promise<FaultOutcome> {
    const { random } = context;
    await using world = await KafkaWorld.create(context);
    await world.send(100);
    await world.task("consume", ["--max-messages", "50"]);
    const before = await world.committed();
    const joinFirst = random() < 0.5;
    const apartMs = random() * APART_MS;
    const ours = random() < 0.5;
    const latest = random() < 0.5;
    const [failure] = await Promise.all([
      (joinFirst ? delay(apartMs) : Promise.resolve()).then(() => reset(world, latest)),
      (joinFirst ? Promise.resolve() : delay(apartMs)).then(() => joinAndLeave(world, ours)),
    ]);
    const after = await world.committed();
    const wanted = (await world.logs()).map(({ low, high }) => latest ? high : low);
    const expected = failure === undefined ? wanted : before;
    const broken = brokenOf({
      [`offsets ${expected} after ${failure?.message ?? "a reset"}, got ${after}`]: `${after}` === `${expected}`,
      [`a refusal is a Failure, got ${failure}`]: failure === undefined || failure instanceof Failure,
    });
    // After a move to the end nobody has read what was skipped: that was asked for, and is not lost.
    if (latest && failure === undefined) world.sent.length = 0;
    return await world.outcome(0, broken);
  },
};

/** What the reset failed with; undefined where it reports success. */
async function reset(world: KafkaWorld, latest: boolean): Promise<Error | undefined> {
  const store = await world.storage.open();
  const { kafka, group, topic } = world;
  const to = latest ? "latest" as const : "earliest" as const;
  const request = { group, topic, topicId: await world.topicId(), target: { kind: to }, to, withStore: true };
  try {
    await world.admin(async (admin) => {
      await requireIdle(kafka, admin, { group, store: store.offsets });
      const { change } = await planReset(kafka, admin, store.offsets, request);
      await changeOffsets(kafka, admin, store.offsets, change);
    });
  } catch (error) {
    return error as Error;
  } finally {
    await world.storage.close(store);
  }
}

/** A member that joins, commits nothing, and leaves once it has been one: a consumer of ours, or any other client. */
export async function joinAndLeave(
  world: Pick<KafkaWorld, "group" | "topic" | "kafka">,
  ours: boolean,
): Promise<void> {
  const joined = Promise.withResolvers<void>();
  if (ours) {
    const stop = new AbortController();
    const { group, topic, kafka } = world;
    const hooks = { onJoin: () => joined.resolve(), onOutage: () => {}, onNotice: () => {} };
    const options = { group, topic, topicId: undefined, starts: new Map(), ...hooks };
    await using _subscription = new Subscription(kafka, options, stop.signal);
    await joined.promise;
    await moment(2 * APART_MS);
    stop.abort();
    return;
  }
  const consumer: Consumer = world.kafka.consumer({ groupId: world.group, maxWaitTimeInMs: 100 });
  consumer.on(consumer.events.GROUP_JOIN, () => joined.resolve());
  try {
    await consumer.connect();
    await consumer.subscribe({ topic: world.topic, fromBeginning: true });
    await consumer.run({ autoCommit: false, eachBatch: () => Promise.resolve() });
    await joined.promise;
    await moment(2 * APART_MS);
  } finally {
    await disconnect(consumer);
  }
}
