import { Judge, type StoreView } from "../../lib/judge_batch.ts";
import { NameTable } from "../../lib/name_table.ts";
import type { ReceivedOrder } from "../../lib/order.ts";
import { OrderColumns } from "../../lib/order_columns.ts";
import type { OrderStore } from "../../lib/ports.ts";
import { type Verdict, Verdicts } from "../../lib/verdicts.ts";

/** One table for all, as a consumer has it: what is remembered of a name must be true of the next batch. */
const names = new NameTable();

/** `orders` of one partition as columns. */
export function columnsOf(orders: readonly ReceivedOrder[]): OrderColumns {
  const columns = new OrderColumns(orders[0]?.at ?? { topic: "orders", partition: 0 }, orders.length, names);
  for (const order of orders) columns.add(order);
  return columns;
}

const judges = new WeakMap<OrderStore, Judge>();

/** The batches of one store share a judge, as they do in a consumer. */
export function judgeOf(store: OrderStore): Judge {
  const judge = judges.get(store) ?? new Judge();
  judges.set(store, judge);
  return judge;
}

/** What a new judge says of `orders`. */
export function judgeBatch(orders: OrderColumns | readonly ReceivedOrder[], view: StoreView): Verdicts {
  return new Judge().judge(orders instanceof OrderColumns ? orders : columnsOf(orders), view);
}

/** Verdicts of one batch, from the object of each. */
export function verdictsOf(all: readonly Verdict[]): Verdicts {
  const verdicts = new Verdicts(columnsOf(all.map(({ received }) => received)));
  for (const [row, verdict] of all.entries()) {
    verdicts.outcomes[row] = verdict.kind === "rejected" ? verdict.reason : verdict.kind;
    if (verdict.kind === "accepted") verdicts.stock[row] = verdict.before;
    if (verdict.kind !== "rejected") continue;
    if (verdict.status !== undefined) verdicts.users[row] = { name: "", status: verdict.status };
    if (verdict.stock === undefined) continue;
    verdicts.items[row] = { quantity: verdict.stock };
    verdicts.stock[row] = verdict.stock;
  }
  return verdicts;
}
