import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";
import { brokenOf, KafkaWorld, moment, soon } from "./kafka_world.ts";

const STOP_LIMIT_MS = 10_000;

/** Row 25: SIGTERM while batches are read; the one in hand is finished and committed, so nothing is delivered again. */
export const stopInBatch: Fault = {
  row: 25,
  name: "SIGTERM in a batch",
  runs: { full: 50, sample: 2 },
  async run(context: FaultContext): Promise<FaultOutcome> {
    await using world = await KafkaWorld.create(context);
    const total = 1_000 + Math.floor(context.random() * 5_000);
    await world.send(total);
    await using consumer = await world.consumer();
    if (context.random() < 0.5) await soon("the first verdicts", () => world.verdicts() > 0);
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

/** The number in the summary that every consumer ends with. */
export function ordersIn(stdout: string): number {
  return Number(/^(\d+) orders: /m.exec(stdout)?.[1] ?? NaN);
}
