import { deadLetterTopic } from "../../lib/topics.ts";
import { groupMembers, partitionLogs } from "../../lib/kafka/consume/group_offsets.ts";
import { type Drill, type Findings, secondsText } from "../scenario.ts";
import { VERDICT, type World } from "../world.ts";

const ORDERS = 4;

export const registry: Drill = {
  name: "registry",
  plan: [
    "A consumer waits for its first order. Then the Schema Registry is killed, without which it cannot look up the schema",
    `that an order was written with. ${ORDERS} orders arrive; later the registry is started again.`,
  ],
  question: "What becomes of the orders that arrive while the registry is down?",
  answers: [
    "they become dead letters: they cannot be decoded",
    "nothing: the consumer waits, and judges them when it is back",
    "they are rejected, and have to be sent again",
  ],
  right: 2,
  why:
    "That a registry is silent says nothing about an order: without an answer there is no verdict, and no offset moves.",
  needs: ["own stack"],
  seconds: 10,
  naive: { not: "here it would wait as well: its client library throws, and tries again" },
  run,
};

async function run(world: World): Promise<Findings> {
  const stack = world.place.own!;
  const consumer = world.consume();
  await consumer.until("its place in the group", () => hasMember(world), world.wait);
  const pid = await stack.kill("registry");
  const killedAt = performance.now();
  await world.send(Array.from({ length: ORDERS }, () => world.order()));
  const outage = await consumer.until(
    "a line on the outage",
    () => consumer.last(/No answer from \w+:\/\/[\w.:]+/) ?? false,
    world.wait,
  );
  const [verdicts, deadLetters] = [consumer.count(VERDICT), await deadLettersOf(world)];

  await stack.startMissing();
  const backAt = performance.now();
  await consumer.until(`${ORDERS} verdicts`, () => consumer.count(VERDICT) >= ORDERS, world.wait);
  const recoveryMs = performance.now() - backAt;
  await world.committed();
  await consumer.stop(world.wait);
  return {
    happened: [
      `kill -9 ${pid}, the registry; the consumer said: ${outage[0]}`,
      `away for ${secondsText(backAt - killedAt)}: ${verdicts} verdicts, ${deadLetters} dead letters`,
      `${consumer.count(/^accepted/)} accepted ${secondsText(recoveryMs)} after it was back`,
    ],
    claims: { "no verdict and no dead letter without the registry": verdicts + deadLetters === 0 },
  };
}

async function hasMember(world: World): Promise<boolean> {
  const { state, members } = await world.admin((admin) => groupMembers(admin, world.topic));
  return state === "Stable" && members.length > 0;
}

async function deadLettersOf(world: World): Promise<number> {
  const logs = await world.admin((admin) => partitionLogs(admin, deadLetterTopic(world.topic)));
  return logs.reduce((sum, { high }) => sum + high, 0);
}
