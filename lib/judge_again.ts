import { setImmediate as turnOfLoop } from "node:timers/promises";
import type { ItemOutcome } from "./altered_stock.ts";
import { nameKey } from "./order.ts";
import { pastOrders } from "./past_orders.ts";
import { IdFilter } from "./id_filter.ts";
import type { StoreContents } from "./store_admin.ts";
import type { Outcome } from "./verdicts.ts";
import { type Alteration, type Difference, WhatIf } from "./what_if.ts";

/** Orders judged between two looks at the signals. */
const TURN = 10_000;

export interface WhatIfOptions {
  /** The most differences that are kept. */
  limit: number;
  stop: AbortSignal;
  /** Called now and then with the number of orders read. */
  progress: (done: number, total: number) => void;
}

/** What an alteration would have made of a store's orders. */
export interface WhatIfReport {
  /** Orders judged, and those created before that are not. */
  judged: number;
  passed: number;
  different: number;
  /** How often each verdict would have become another one; the most frequent first. */
  changes: { was: Outcome; wouldBe: Outcome; orders: number }[];
  items: ItemOutcome[];
  /** Users whose status differs from what orders met only because it was edited since. */
  editedSince: { user: string; was: string | null; now: string | null; orders: number }[];
  /** The first of them. */
  differences: Difference[];
}

/**
 * Judges the orders of a store once more under an alteration. Memory is bounded by items, and by ids that came more than
 * once: beside ten million rejected orders, a few in a hundred others are taken for such.
 */
export async function judgeAgain(
  contents: StoreContents,
  alteration: Alteration,
  { limit, stop, progress }: WhatIfOptions,
): Promise<WhatIfReport> {
  const { ids, rejected } = await rejectedIds(contents);
  const judge = new WhatIf(contents, ids, alteration);
  const counts = new Differences(limit);
  const total = contents.accepted + rejected;
  let [done, judged] = [0, 0];
  for await (const past of pastOrders(contents, ids)) {
    const difference = judge.judge(past);
    if (difference !== undefined) counts.add(difference);
    if (judge.isJudged(past)) judged++;
    if (++done % TURN !== 0) continue;
    await turnOfLoop();
    stop.throwIfAborted();
    progress(done, total);
  }
  progress(total, total);
  return { judged, passed: done - judged, ...counts.report(), items: judge.stock.outcomes() };
}

async function rejectedIds(contents: StoreContents): Promise<{ ids: IdFilter; rejected: number }> {
  const ids = new IdFilter();
  let rejected = 0;
  for await (const { order_id } of contents.rejected()) {
    ids.add(order_id);
    rejected++;
  }
  return { ids, rejected };
}

class Differences {
  readonly #limit: number;
  readonly #first: Difference[] = [];
  readonly #changes = new Map<string, WhatIfReport["changes"][number]>();
  readonly #editedSince = new Map<string, WhatIfReport["editedSince"][number]>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(difference: Difference): void {
    const { past, was, wouldBe, status, isStatusOfNow } = difference;
    if (this.#first.length < this.#limit) this.#first.push(difference);
    count(this.#changes, `${was} ${wouldBe}`, { was, wouldBe });
    if (!isStatusOfNow) return;
    const statuses = { was: status.was ?? null, now: status.wouldBe ?? null };
    count(this.#editedSince, `${nameKey(past.user)}\n${statuses.was}`, { user: past.user, ...statuses });
  }

  report(): Pick<WhatIfReport, "different" | "changes" | "editedSince" | "differences"> {
    const changes = [...this.#changes.values()].sort((one, other) => other.orders - one.orders);
    const different = changes.reduce((sum, { orders }) => sum + orders, 0);
    return { different, changes, editedSince: [...this.#editedSince.values()], differences: this.#first };
  }
}

function count<T extends { orders: number }>(counts: Map<string, T>, key: string, first: Omit<T, "orders">): void {
  const found = counts.get(key);
  if (found === undefined) counts.set(key, { ...first, orders: 1 } as T);
  else found.orders++;
}
