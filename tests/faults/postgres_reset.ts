import { setTimeout as delay } from "node:timers/promises";
import { Failure } from "../../lib/errors.ts";
import { topicFacts } from "../../lib/kafka/client/topic_facts.ts";
import { partitionLogs } from "../../lib/kafka/consume/group_offsets.ts";
import { changeOffsets } from "../../lib/kafka/offsets/change_offsets.ts";
import { planReset } from "../../lib/kafka/offsets/plan_reset.ts";
import { requireIdle } from "../../lib/kafka/offsets/require_idle.ts";
import { openAdmin } from "../../lib/postgres/admin/open_admin.ts";
import { connectionTo, withoutPostgres } from "../support/postgres.ts";
import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";
import { joinAndLeave } from "./kafka_reset.ts";
import { brokenOf, failureOf } from "./kafka_world.ts";
import { withConnection } from "./postgres_invariant.ts";
import { PostgresWorld } from "./postgres_world.ts";

/** The reset and the join are so far apart at most. */
const APART_MS = 60;

/**
 * Row 22: a reset while a member joins the group, 0-60 ms apart. Either it reports success, and group and store are where
 * they were moved to; or it is refused, and both are as they were, also after the next start.
 */
export const sharedResetRacingJoin: Fault = {
  row: 22,
  name: "reset racing a join (PostgreSQL)",
  runs: { full: 100, sample: 1 },
  skip: withoutPostgres,
  async run(context: FaultContext): Promise<FaultOutcome> {
    const { random } = context;
    await using world = await PostgresWorld.create(context);
    await world.send(100);
    await world.task("consume", ["--max-messages", "50"]);
    const before = await placesOf(world);
    const joinFirst = random() < 0.5;
    const apartMs = random() * APART_MS;
    const ours = random() < 0.5;
    const latest = random() < 0.5;
    const { kafka, topic } = world;
    const [failure] = await Promise.all([
      (joinFirst ? delay(apartMs) : Promise.resolve()).then(() => reset(world, latest)),
      (joinFirst ? Promise.resolve() : delay(apartMs)).then(() => joinAndLeave({ kafka, topic, group: topic }, ours)),
    ]);
    const after = await placesOf(world);
    const logs = await world.admin((admin) => partitionLogs(admin, topic));
    const wanted = logs.map(({ low, high }) => latest ? high : low);
    const expected = failure === undefined
      ? { committed: wanted, positions: wanted.filter((_, partition) => before.seen.includes(partition)) }
      : before;
    const broken = brokenOf({
      [`offsets ${expected.committed} after ${failure?.message ?? "a reset"}, got ${after.committed}`]:
        `${after.committed}` === `${expected.committed}`,
      [`positions ${expected.positions}, got ${after.positions}`]: `${after.positions}` === `${expected.positions}`,
      [`a refusal is a Failure, got ${failure}`]: failure === undefined || failure instanceof Failure,
    });
    // After a move to the end nobody would read what was skipped; taken back, it is read.
    if (latest && failure === undefined) {
      broken.push(...failureOf("the undo", await world.task("offsets", ["undo", "--yes"])));
    }
    return await world.outcome(0, broken);
  },
};

async function placesOf(world: PostgresWorld) {
  const rows = await withConnection(world.url, async (client) => {
    const { rows } = await client.query("SELECT partition, position FROM positions ORDER BY partition");
    return rows.map(({ partition, position }) => ({ partition, position: Number(position) }));
  });
  const [{ partitions }] = await world.admin((admin) =>
    admin.fetchOffsets({ groupId: world.topic, topics: [world.topic] })
  );
  partitions.sort((a, b) => a.partition - b.partition);
  return {
    committed: partitions.map(({ offset }) => Number(offset)),
    positions: rows.map(({ position }) => position),
    seen: rows.map(({ partition }) => partition),
  };
}

/** What the reset failed with; undefined where it reports success. */
async function reset(world: PostgresWorld, latest: boolean): Promise<Error | undefined> {
  const { kafka, topic } = world;
  const store = await openAdmin(connectionTo(world.url), () => {});
  const to = latest ? "latest" as const : "earliest" as const;
  const topicId = (await topicFacts(kafka, [topic]))?.get(topic)?.id;
  const request = { group: topic, topic, topicId, target: { kind: to }, to, withStore: true };
  try {
    await world.admin(async (admin) => {
      await requireIdle(kafka, admin, { group: topic, store: store.offsets });
      const { change } = await planReset(kafka, admin, store.offsets, request);
      await changeOffsets(kafka, admin, store.offsets, change);
    });
  } catch (error) {
    return error as Error;
  } finally {
    await store.close();
  }
}
