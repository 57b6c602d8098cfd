import { type Drill, type Findings, secondsText } from "../scenario.ts";
import { type Member, Members } from "../members.ts";
import { Traffic } from "../traffic.ts";
import { until } from "../until.ts";
import { VERDICT, type World } from "../world.ts";

const EVERY_MS = 100;
const CALM = 10;

export const pause: Drill = {
  name: "pause",
  plan: [
    "Two consumers share a stream of orders. B is frozen (SIGSTOP), with its connections open; later it goes on, and is",
    "killed (kill -9), which closes them. Each time: how long until A judges what was B's?",
  ],
  question: "Which of the two is noticed sooner?",
  answers: [
    "the killed one, at once: its connections break",
    "the frozen one: it does not answer any more",
    "both after about 10 s: only a missing heartbeat counts",
  ],
  right: 3,
  why:
    "The group gives a member up 10 s after its last heartbeat (one every 3 s). Only who leaves says so, as on SIGTERM.",
  needs: ["own stack", "PostgreSQL"],
  seconds: 35,
  naive: { not: "its store is a file of one process, so no other can take over" },
  run,
};

async function run(world: World): Promise<Findings> {
  const members = new Members(world);
  const a = await members.join("A");
  const b = await members.join("B");
  const traffic = new Traffic(world, { everyMs: EVERY_MS, key: "none" });
  await members.judged(traffic, CALM);

  const frozen = await strike(world, { signal: "SIGSTOP", a, b, traffic });
  await members.settled([a]);
  b.process.signal("SIGCONT");
  await members.settled([a, b]);
  await members.judged(traffic, traffic.sent.length + CALM);
  const killed = await strike(world, { signal: "SIGKILL", a, b, traffic });

  const sent = await traffic.stop();
  const ids = new Set(sent.map(({ id }) => id));
  await until("a verdict for each order", () => ids.isSubsetOf(judgedBy(a, b)), world.wait);
  await members.stop([a]);
  return {
    happened: [`frozen: ${frozen}`, `killed: ${killed}`, `${sent.length} orders were sent meanwhile`],
  };
}

interface Strike {
  signal: "SIGSTOP" | "SIGKILL";
  a: Member;
  b: Member;
  traffic: Traffic;
}

/** Signals B, and waits until A has judged an order of each of its partitions that was sent after that. */
async function strike(world: World, { signal, a, b, traffic }: Strike): Promise<string> {
  const [partitions, share] = [b.partitions, b.share];
  const struckAt = performance.now();
  b.process.signal(signal);
  const tookOver = () => {
    const judged = judgedBy(a);
    return partitions.every((partition) =>
      traffic.sent.some((order) => order.partition === partition && order.calledAt > struckAt && judged.has(order.id))
    );
  };
  await until("A has taken over", tookOver, world.wait);
  return `A judged from B's partitions (${share}) ${secondsText(performance.now() - struckAt)} later`;
}

function judgedBy(...members: readonly Member[]): Set<string> {
  return new Set(members.flatMap(({ process }) => process.lines.flatMap(({ text }) => VERDICT.exec(text)?.[1] ?? [])));
}
