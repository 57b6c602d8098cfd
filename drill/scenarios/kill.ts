import { booksOfFolder } from "../books.ts";
import { CommitGate } from "../commit_gate.ts";
import { portOf } from "../own_stack.ts";
import { type Drill, type Findings, secondsText } from "../scenario.ts";
import { STOCK, VERDICT, type World } from "../world.ts";

const ORDERS = 4;

export const kill: Drill = {
  name: "kill",
  plan: [
    `A consumer deducts the stock of ${ORDERS} orders and logs them, durably. Its commit of the offset is held on the way`,
    "to the broker, and there kill -9 meets it. Then a second consumer starts.",
  ],
  question: "Who reads these orders twice, and what does that do?",
  answers: [
    "nobody: the second consumer begins after them",
    "the second one, and it deducts again",
    "the second one, and it skips them",
  ],
  right: 3,
  why: "What was not committed is delivered again; the log knows each order_id and its place, so it counts once.",
  needs: [],
  seconds: 5,
  naive: { right: 2 },
  run,
};

async function run(world: World): Promise<Findings> {
  await world.send(Array.from({ length: ORDERS }, () => world.order()));
  const before = await killBeforeCommit(world);
  const killedAt = performance.now();
  if (world.isNaive) await world.forgetDead();

  const next = await world.consumeAll(ORDERS);
  const firstAt = next.lines.find(({ text }) => VERDICT.test(text))!.at;
  const skipped = next.count(/^skipped/);
  const { stock } = await world.store.books();
  return {
    happened: [
      before,
      `the second consumer read offsets 0-${ORDERS - 1} again: ${next.count(/^accepted/)} accepted, ${skipped} skipped`,
      `${secondsText(firstAt - killedAt)} from the kill to its first verdict; book ${STOCK.book} -> ${stock.book}`,
    ],
    claims: { "the second consumer reads them again and skips them": skipped === ORDERS },
  };
}

/** Kills a consumer after its effect is durable and before its commit; what was there then. */
async function killBeforeCommit(world: World): Promise<string> {
  const accepted = () => booksOfFolder(world.store.folder).accepted.length;
  await using gate = await CommitGate.before(portOf(world.place), () => accepted() === ORDERS);
  const first = world.consume([], gate.broker);
  await first.until("a commit on its way to the broker", () => gate.isHolding, world.wait);
  first.signal("SIGKILL");
  await first.end(world.wait);
  const offset = await world.committedOffset();
  return `kill -9 ${first.pid}: ${accepted()} orders in orders.jsonl, and ${offset} of ${ORDERS} committed in Kafka`;
}
