import type { Drill, Findings } from "../scenario.ts";
import { STOCK, type World } from "../world.ts";

export const twice: Drill = {
  name: "twice",
  plan: [
    "An order for two books is accepted. Then the same record is delivered again, the same order comes as another record,",
    "and its order_id comes with another quantity.",
  ],
  question: "How many of the 10 books are left?",
  answers: [
    "8: an order_id counts once",
    "6: another record is another order, only the redelivery is skipped",
    "1: each delivery counts",
  ],
  right: 1,
  why:
    "A redelivery has the same id at the same place; at another place it is a duplicate, or a conflict if it differs.",
  needs: [],
  seconds: 5,
  naive: { right: 3 },
  run,
};

async function run(world: World): Promise<Findings> {
  const order = { ...world.order(), quantity: 2 };
  await world.send([order]);
  await world.consumeAll(1);
  await world.send([order, { ...order, quantity: 3 }]);
  const again = await world.consumeAll(3, await world.resetToEarliest());
  const verdicts = again.lines.flatMap(({ text }) => /^(accepted|rejected|skipped) +\S+ +(.*)/.exec(text)?.[0] ?? []);
  const { stock } = await world.store.books();
  const said = (index: number) => verdicts[index]?.replaceAll(/  +/g, "  ").replace(`${order.order_id}  `, "");
  return {
    happened: [
      `offset 0, the same record again:  ${said(0)}`,
      `offset 1, the same order:  ${said(1)}`,
      `offset 2, other contents:  ${said(2)};  book ${STOCK.book} -> ${stock.book}`,
    ],
    claims: {
      "a redelivery is skipped": /^skipped/.test(verdicts[0]),
      "the same order in another record is a duplicate": / duplicate/.test(verdicts[1]),
      "the same id with other contents is a conflict": / order-id-conflict/.test(verdicts[2]),
    },
  };
}
