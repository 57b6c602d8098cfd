import { type Drill, type Findings, secondsText } from "../scenario.ts";
import { type Member, Members } from "../members.ts";
import { Traffic } from "../traffic.ts";
import type { World } from "../world.ts";

const EVERY_MS = 50;
const BURST = 20;
const CALM = 20 * BURST;

export const rebalance: Drill = {
  name: "rebalance",
  plan: [
    "A consumer, A, judges a stream of orders from three partitions. While it does, a second one, B, joins its group,",
    "and the partitions are shared out anew. Both keep their orders in one PostgreSQL.",
  ],
  question: "What becomes of the orders that A has in hand as a partition moves to B?",
  answers: [
    "both judge them, and the stock is deducted twice",
    "nobody does: A has given them up, and B begins after them",
    "each counts once, whoever commits it first",
  ],
  right: 3,
  why: "A batch's transaction also moves its partition's position in the database; from one place only one can.",
  needs: ["own stack", "PostgreSQL"],
  seconds: 10,
  naive: { not: "its store is a file of one process, so two of them cannot share it" },
  run,
};

async function run(world: World): Promise<Findings> {
  const members = new Members(world);
  const a = await members.join("A");
  using traffic = new Traffic(world, { everyMs: EVERY_MS, burst: BURST, key: "none" });
  await members.judged(traffic, CALM);
  const before = a.share;
  const startedAt = performance.now();
  const b = await members.join("B");
  const sharedAt = performance.now();
  await members.judged(traffic, traffic.sent.length + CALM);
  const sent = await traffic.stop();
  await members.judged(traffic, sent.length);
  const pauseMs = longestGap(members.all, { from: startedAt, to: sharedAt + 1_000 });
  await members.stop();
  return {
    happened: [
      `A had the partitions ${before}; then A has ${a.share} and B has ${b.share}`,
      `${sent.length} orders at ${BURST * 1_000 / EVERY_MS} a second: ${a.orders} judged by A, ${b.orders} by B`,
      `the longest time without a verdict, while they were shared out: ${secondsText(pauseMs)}`,
    ],
    claims: { "both have judged some": a.orders > 0 && b.orders > 0 },
  };
}

function longestGap(members: readonly Member[], span: { from: number; to: number }): number {
  const times = members.flatMap(({ verdictTimes }) => verdictTimes)
    .filter((at) => at >= span.from && at <= span.to).sort((one, other) => one - other);
  const gaps = times.map((at, index) => at - (times[index - 1] ?? at));
  return Math.max(0, ...gaps);
}
