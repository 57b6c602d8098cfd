import { eventually } from "../support/commands.ts";
import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";
import { brokenOf, endOf, KafkaWorld, moment } from "./kafka_world.ts";

const STOP_LIMIT_MS = 10_000;

/** Row 25: SIGTERM while batches are read; the one in hand is finished and committed, so nothing is delivered again. */
export const stopInBatch: Fault = {
  row: 25,
  name: "SIGTERM in a batch",
  runs: { full: 50, sample: 1 },
  async run(context: FaultContext): Promise<FaultOutcome> {
    await using world = await KafkaWorld.create(context);
    const total = 1_000 + Math.floor(context.random() * 5_000);
    await world.send(total);
    await using consumer = await world.consumer();
    if (context.random() < 0.5) await eventually("the first verdicts", () => world.verdicts() > 0);
    await moment(context.random() * 300);
    const stoppedAt = performance.now();
    consumer.signal("SIGTERM");
    const { code, stdout, stderr } = await consumer.end;
    const exitMs = performance.now() - stoppedAt;
    const before = world.verdicts();
    await world.send(10);
    await using next = await world.consumer(["--until-end"]);
    const recoveryMs = await world.recovery(stoppedAt, before);
    const second = await next.end;
    return await world.outcome(
      recoveryMs,
      brokenOf({
        [`exit 0 on SIGTERM, got ${code}: ${stderr.slice(-300)}`]: code === 0,
        [`exit within 10 s, took ${Math.round(exitMs)} ms`]: exitMs < STOP_LIMIT_MS,
        [`nothing redelivered, the next run said: ${second.stdout.slice(-300)}`]: second.code === 0 &&
          !second.stdout.includes("accepted before"),
        [`both runs together judge every record once: ${ordersIn(stdout)} + ${ordersIn(second.stdout)}`]:
          ordersIn(stdout) + ordersIn(second.stdout) === total + 10,
      }),
    );
  },
};

/**
 * Row 10: the consumer stands still until its group has given it up, then goes on. It judges what it has read, which
 * commits nothing, joins again and reads on; nothing counts twice.
 */
export const zombie: Fault = {
  row: 10,
  name: "zombie",
  runs: { full: 50, sample: 1 },
  async run({ random, ...context }: FaultContext): Promise<FaultOutcome> {
    await using world = await KafkaWorld.create({ random, ...context });
    await world.send(500 + Math.floor(random() * 5_000));
    await using consumer = await world.consumer();
    await moment(random() * 300);
    consumer.signal("SIGSTOP");
    await world.send(100);
    await world.admin((admin) =>
      eventually("the group has given it up", async () => {
        const { groups: [{ members }] } = await admin.describeGroups([world.group]);
        return members.length === 0;
      }, 60_000)
    );
    await moment(random() * 2_000);
    const [before, since] = [world.verdicts(), performance.now()];
    consumer.signal("SIGCONT");
    await world.send(50);
    const recoveryMs = await world.recovery(since, before);
    await eventually("every order is judged", () => world.unjudged().length === 0, 60_000);
    consumer.signal("SIGTERM");
    const { code, stderr } = await endOf(consumer);
    return await world.outcome(
      recoveryMs,
      brokenOf({ [`it goes on and ends with 0, got ${code}: ${stderr.slice(-300)}`]: code === 0 }),
    );
  },
};

/** The number in the summary that every consumer ends with. */
function ordersIn(stdout: string): number {
  return Number(/^(\d+) orders?: /m.exec(stdout)?.[1] ?? NaN);
}
