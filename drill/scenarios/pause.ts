import { type Drill, type Findings, secondsText } from "../scenario.ts";
import { type Member, Members } from "../members.ts";
import { Traffic } from "../traffic.ts";
import { until } from "../until.ts";
import type { World } from "../world.ts";

const EVERY_MS = 100;
const CALM = 10;
/** A session of 10 s less one heartbeat every 3 s, less what a busy machine adds. */
const AT_LEAST_MS = 5_000;

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
  using traffic = new Traffic(world, { everyMs: EVERY_MS, key: "none" });
  await members.judged(traffic, CALM);

  const frozen = await strike(world, { signal: "SIGSTOP", a, b, traffic });
  await members.settled([a]);
  b.process.signal("SIGCONT");
  await members.settled([a, b]);
  await members.judged(traffic, traffic.sent.length + CALM);
  const killed = await strike(world, { signal: "SIGKILL", a, b, traffic });

  const sent = await traffic.stop();
  const ids = new Set(sent.map(({ id }) => id));
  await until("a verdict for each order", () => ids.isSubsetOf(new Set([...a.judged, ...b.judged])), world.wait);
  await members.stop([a]);
  return {
    happened: [`frozen: ${frozen.text}`, `killed: ${killed.text}`, `${sent.length} orders were sent meanwhile`],
    claims: { "neither is given up before heartbeats were missing": Math.min(frozen.ms, killed.ms) > AT_LEAST_MS },
  };
}

interface Strike {
  signal: "SIGSTOP" | "SIGKILL";
  a: Member;
  b: Member;
  traffic: Traffic;
}

/** Signals B, and waits until A has judged an order of each of its partitions that was sent after that. */
async function strike(world: World, { signal, a, b, traffic }: Strike): Promise<{ ms: number; text: string }> {
  const { partitions, share } = b;
  const struckAt = performance.now();
  b.process.signal(signal);
  const tookOver = () => {
    const judged = new Set(a.judged);
    return partitions.every((partition) =>
      traffic.sent.some((order) => order.partition === partition && order.calledAt > struckAt && judged.has(order.id))
    );
  };
  await until("A has taken over", tookOver, world.wait);
  const ms = performance.now() - struckAt;
  return { ms, text: `A judged what was B's (${share}) ${secondsText(ms)} later` };
}
