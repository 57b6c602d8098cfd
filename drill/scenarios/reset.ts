import type { Drill, Findings } from "../scenario.ts";
import { STOCK, type World } from "../world.ts";

const ORDERS = 5;

export const reset: Drill = {
  name: "reset",
  plan: [
    `A consumer judges ${ORDERS} orders and stops. Then its group is set back to the earliest record,`,
    "and a consumer reads the topic once more.",
  ],
  question: "How often is the stock deducted?",
  answers: ["once", "twice: reading again is judging again", "not at all: the reset gives the stock back first"],
  right: 1,
  why: "An offset says what to read, not what was done: whether an order took effect is in the log, by its order_id.",
  needs: [],
  seconds: 5,
  naive: { right: 2 },
  run,
};

async function run(world: World): Promise<Findings> {
  await world.send(Array.from({ length: ORDERS }, () => world.order()));
  const first = await world.consumeAll(ORDERS);
  const { stock: before } = await world.store.books();
  const again = await world.consumeAll(ORDERS, await world.resetToEarliest());
  const skipped = again.count(/^skipped/);
  const { stock } = await world.store.books();
  return {
    happened: [
      `first: ${first.count(/^accepted/)} accepted, book ${STOCK.book} -> ${before.book}`,
      `after the reset offsets 0-${ORDERS - 1} once more: ${again.count(/^accepted/)} accepted, ${skipped} skipped`,
      `book ${before.book} -> ${stock.book}`,
    ],
    claims: { "all are read again and skipped": skipped === ORDERS },
  };
}
