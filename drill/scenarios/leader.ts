import { partitionsOf } from "../../lib/kafka/client/topics_admin.ts";
import { brokerName } from "../../tools/stack/folders.ts";
import { type Drill, type Findings, secondsText } from "../scenario.ts";
import { Traffic } from "../traffic.ts";
import { until } from "../until.ts";
import { VERDICT, type World } from "../world.ts";

const EVERY_MS = 50;
const CALM = 40;
/** Until a group has a coordinator again, where the dead broker was that as well. */
const PATIENCE_S = 90;

export const leader: Drill = {
  name: "leader",
  plan: [
    "Three brokers hold three replicas of each partition, one of which leads. Orders are sent and judged without a break;",
    "then the leader is killed, and stays away.",
  ],
  question: "What becomes of the orders that it had acknowledged?",
  answers: [
    "the last ones are lost with it",
    "nothing: a replica that has them all leads after some seconds",
    "they wait until it is started again",
  ],
  right: 2,
  why: "An order is acknowledged once all in-sync replicas have it, and one of those leads next.",
  needs: ["own stack", "three brokers"],
  seconds: 30,
  naive: { not: "brokers and client library see to this; the consumer's own code has no part in it" },
  run,
};

async function run(world: World): Promise<Findings> {
  const wait = { ...world.wait, seconds: PATIENCE_S };
  const consumer = world.consume();
  using traffic = new Traffic(world, { everyMs: EVERY_MS, key: "item" });
  const judged = (count: number) => consumer.until(`${count} verdicts`, () => consumer.count(VERDICT) >= count, wait);
  await judged(CALM);
  const partition = world.lastPartition;
  const before = await leaderOf(world, partition);
  const pid = await world.place.own!.kill(brokerName(before));
  const [killedAt, acknowledged] = [performance.now(), traffic.sent.length];

  const since = () => traffic.sent.filter(({ calledAt }) => calledAt > killedAt);
  await until("sends are acknowledged again", () => since().length >= CALM, wait);
  const sent = await traffic.stop();
  await judged(sent.length);
  await world.committed();
  const after = await leaderOf(world, partition);
  await consumer.stop(world.wait);
  const slowest = Math.max(...sent.map(({ calledAt, acknowledgedAt }) => acknowledgedAt - calledAt));
  const verdictAt = consumer.lines.filter(({ text, at }) => VERDICT.test(text) && at > killedAt);
  const pauseMs = Math.max(...verdictAt.map(({ at }, index) => at - (verdictAt[index - 1]?.at ?? killedAt)));
  return {
    happened: [
      `kill -9 ${pid}, broker ${before}, with ${acknowledged} orders acknowledged; broker ${after} leads partition ${partition}`,
      `the longest send took ${secondsText(slowest)}, the longest time without a verdict was ${secondsText(pauseMs)}`,
      `${sent.length} orders acknowledged in all, and ${consumer.count(/^accepted/)} accepted`,
    ],
    claims: { "another broker leads": after !== before },
  };
}

async function leaderOf({ kafka, topic }: World, partition: number): Promise<number> {
  return (await partitionsOf(kafka, topic)).find(({ partitionId }) => partitionId === partition)!.leader;
}
