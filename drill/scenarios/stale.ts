import { join } from "node:path";
import type { Drill, Findings } from "../scenario.ts";
import { STOCK, VERDICT, type World } from "../world.ts";

const BEFORE = 6;
const AFTER = 6;

export const stale: Drill = {
  name: "stale",
  plan: [
    `An editor opens inventory.csv, with ${STOCK.book} books. While a consumer sells ${BEFORE} of them it stays open; then it saves`,
    `the file as it was. ${AFTER} more orders come, for a book each.`,
  ],
  question: `How many of these ${AFTER} orders are accepted?`,
  answers: [
    `${AFTER}: the file says that there are ${STOCK.book}`,
    `${STOCK.book - BEFORE}: what was sold since counts`,
    "none: the consumer stops, because the file is not the one it wrote",
  ],
  right: 2,
  why: "Each row says as of when it counts (as_of); what the log has after that comes on top of it, whoever saved it.",
  needs: [],
  seconds: 5,
  naive: { right: 1 },
  run,
};

async function run(world: World): Promise<Findings> {
  const inventory = join(world.store.folder, "inventory.csv");
  const opened = Deno.readTextFileSync(inventory);
  const consumer = world.consume();
  const judged = (count: number) =>
    consumer.until(`${count} verdicts`, () => consumer.count(VERDICT) >= count, world.wait);
  await world.send(Array.from({ length: BEFORE }, () => world.order()));
  await judged(BEFORE);
  const onDisk = await consumer.until("the new stock in the file", async () => {
    const { book } = (await world.store.books()).stock;
    return book === STOCK.book - BEFORE && book;
  }, world.wait);
  Deno.writeTextFileSync(inventory, opened);
  await world.send(Array.from({ length: AFTER }, () => world.order()));
  await judged(BEFORE + AFTER);
  await world.committed();
  await consumer.stop(world.wait);
  const { accepted, stock } = await world.store.books();
  const after = accepted.length - BEFORE;
  return {
    happened: [
      `${BEFORE} sold: the file said book ${onDisk}; saved from the editor: book ${STOCK.book}`,
      `of the next ${AFTER} orders ${after} accepted, ${consumer.count(/^rejected/)} rejected for lack of stock`,
      `${accepted.length} sold of ${STOCK.book}, and the file says book ${stock.book}`,
    ],
  };
}
