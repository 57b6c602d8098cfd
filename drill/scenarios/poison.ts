import { deadLetterRange, readDeadLetters } from "../../lib/kafka/dead_letters/dead_letter_reader.ts";
import type { StoredDeadLetter } from "../../lib/ports.ts";
import type { Drill, Findings } from "../scenario.ts";
import type { World } from "../world.ts";

const POISON = "not an order";
/** After so many attempts at one record a consumer is taken for stuck. */
const STUCK = 3;

export const poison: Drill = {
  name: "poison",
  plan: [
    `Two orders, then the bytes "${POISON}", then two more orders go into one partition.`,
    "A consumer reads them.",
  ],
  question: "What becomes of the record at offset 2, and of those after it?",
  answers: [
    "the consumer stops there until somebody skips it by hand",
    "it is dropped, and the others are judged",
    "it goes to a topic of its own, and the others are judged",
  ],
  right: 3,
  why:
    "What is no order can never become one by waiting: it is set aside, durably and unchanged, before the offset moves.",
  needs: [],
  seconds: 5,
  naive: { right: 1 },
  run,
};

async function run(world: World): Promise<Findings> {
  await world.send([world.order(), world.order()]);
  await world.sendPoison(POISON);
  await world.send([world.order(), world.order()]);
  if (world.isNaive) return await stuck(world);
  const consumer = await world.consumeAll(5);
  const deadLetters = await deadLettersOf(world);
  const [first] = deadLetters;
  return {
    happened: [
      `${consumer.count(/^accepted/)} accepted, at the offsets 0, 1, 3 and 4; ${deadLetters.length} dead letter`,
      `${world.topic}.dlq offset ${first?.offset}: from offset ${first?.origin?.offset}, ${first?.reason}`,
      `its bytes: "${first?.value}"; deno task replay --dlq would send it back`,
    ],
    claims: {
      "the dead letter has the bytes that were sent": String(first?.value) === POISON && deadLetters.length === 1,
    },
  };
}

async function stuck(world: World): Promise<Findings> {
  const consumer = world.consume();
  const attempts = await consumer.until(`${STUCK} attempts at offset 2`, () => {
    const count = consumer.count(/^reading offset 2$/);
    return count >= STUCK && count;
  }, world.wait);
  return {
    happened: [
      `${consumer.count(/^accepted/)} accepted, at the offsets 0 and 1`,
      `offset 2 was read ${attempts} times, and each time it threw`,
      `offset 3 was read ${consumer.count(/^reading offset 3$/)} times`,
    ],
  };
}

async function deadLettersOf({ kafka, topic }: World): Promise<StoredDeadLetter[]> {
  const range = await deadLetterRange(kafka, topic, {});
  return await Array.fromAsync(readDeadLetters(kafka, topic, { range, filter: {} }));
}
