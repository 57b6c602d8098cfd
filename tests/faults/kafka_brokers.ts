import { join } from "node:path";
import { eventually, task } from "../support/commands.ts";
import { withStack } from "../support/stack.ts";
import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";
import { SEND_LIMIT, Traffic } from "./kafka_traffic.ts";
import { brokenOf, endOf, KafkaWorld, moment, orderIds } from "./kafka_world.ts";

const AWAY_MS = 20_000;
const FROZEN_MS = 45_000;
const RESUME_LIMIT_MS = 60_000;
const FAILOVER_LIMIT_MS = 30_000;

/** Row 14: the only broker dies and is away for 20 s, in the middle of sends and batches. */
export const brokerKilled: Fault = {
  row: 14,
  name: "broker kill -9, 20 s away",
  runs: { full: 20, sample: 1 },
  run: (context) =>
    withBrokers(context, 1, async (_world, dataDir) => {
      kill(dataDir, "broker-1", "SIGKILL");
      await moment(AWAY_MS);
      await startAgain(dataDir);
      return RESUME_LIMIT_MS;
    }),
};

/** Row 15: the only broker stands still for 45 s, its connections open. */
export const brokerFrozen: Fault = {
  row: 15,
  name: "broker SIGSTOP 45 s",
  runs: { full: 20, sample: 1 },
  run: (context) =>
    withBrokers(context, 1, async (_world, dataDir) => {
      kill(dataDir, "broker-1", "SIGSTOP");
      try {
        await moment(FROZEN_MS);
      } finally {
        kill(dataDir, "broker-1", "SIGCONT");
      }
      return RESUME_LIMIT_MS;
    }),
};

/** Row 26: of three brokers the leader of a partition dies; two in-sync replicas are left, and that is enough. */
export const leaderKilled: Fault = {
  row: 26,
  name: "leader of a 3-node cluster killed",
  runs: { full: 20, sample: 1 },
  run: (context) =>
    withBrokers(context, 3, async (world, dataDir) => {
      const [{ partitions }] = (await world.admin((admin) =>
        admin.fetchTopicMetadata({ topics: [world.topic] })
      )).topics;
      const { leader } = partitions[Math.floor(context.random() * partitions.length)];
      kill(dataDir, `broker-${leader}`, "SIGKILL");
      return FAILOVER_LIMIT_MS;
    }),
};

/**
 * One run on a stack of its own: orders are sent and judged, `fault` strikes, and once it is over there have to be
 * verdicts again within the time that it answers, counted from the end of the fault.
 */
async function withBrokers(
  context: FaultContext,
  nodes: 1 | 3,
  fault: (world: KafkaWorld, dataDir: string) => Promise<number>,
): Promise<FaultOutcome> {
  const { random } = context;
  return await withStack(async (env, dataDir) => {
    await using world = await KafkaWorld.create({ ...context, env });
    await using consumer = await world.consumer();
    const traffic = new Traffic(world, { random, pauseMs: 30 });
    await eventually("verdicts before the fault", () => world.verdicts() > 0);
    await moment(random() * 2_000);

    const struckAt = performance.now();
    const limitMs = await fault(world, dataDir);
    const overAt = performance.now();
    const sentBefore = world.sent.length;
    const patienceMs = 2 * RESUME_LIMIT_MS;
    // One send may have been acknowledged before the fault; two more go to every partition.
    await eventually("sends are acknowledged", () => world.sent.length > sentBefore + 3 * SEND_LIMIT, patienceMs);
    const since = new Set(world.sent.slice(sentBefore));
    await eventually("they are judged", () => !world.unjudged().some((id) => since.has(id)), patienceMs);
    const resumedAt = performance.now();
    await traffic.stop();
    await eventually("every order is judged", () => world.unjudged().length === 0, patienceMs);
    consumer.signal("SIGTERM");
    const { code, stderr } = await endOf(consumer);
    await startAgain(dataDir);
    const inTopic = orderIds(await world.records());
    const missing = world.sent.filter((id) => !inTopic.has(id));
    return await world.outcome(
      resumedAt - struckAt,
      brokenOf({
        [`verdicts again after ${limitMs} ms at most, took ${resumedAt - overAt}`]: resumedAt - overAt < limitMs,
        [`all ${world.sent.length} acknowledged orders are in the topic, missing ${missing.length}`]:
          missing.length === 0,
        [`the consumer ends with 0, got ${code}: ${stderr.slice(-500)}`]: code === 0,
      }),
    );
  }, nodes === 1 ? [] : ["--nodes", String(nodes)]);
}

function kill(dataDir: string, broker: string, signal: Deno.Signal): void {
  const { pids } = JSON.parse(Deno.readTextFileSync(join(dataDir, "stack.json")));
  Deno.kill(pids[broker].pid, signal);
}

/** Starts what does not run of the stack. */
async function startAgain(dataDir: string): Promise<void> {
  const { code, stdout, stderr } = await task("up", ["--local", "--data-dir", dataDir], {});
  if (code !== 0) throw new Error(`Cannot start the stack again: ${stdout}${stderr}`);
}
