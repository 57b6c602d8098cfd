import type { IdFilter } from "./id_filter.ts";
import type { AcceptedOrder, RejectedOrder, StoreContents } from "./store_admin.ts";
import type { Rejection } from "./verdicts.ts";

/** An order that a store has judged. */
export type PastOrder = AcceptedOrder | RejectedOrder;

/** Those that were compared with an order accepted before. */
export const REPEATED: ReadonlySet<string> = new Set(["duplicate", "order-id-conflict"] satisfies Rejection[]);

type Rejections = AsyncIterator<RejectedOrder> | Iterator<RejectedOrder>;

/**
 * Each order of a store by its last verdict: the accepted ones in the order they were accepted, each rejected one where
 * its offset puts it among those of its partition. Those rejected after the last accepted one of their partition come
 * at the end, by time.
 *
 * A store does not number what it rejects. As an item's orders are in one partition, unless a producer keys them
 * otherwise, this is the order in which they met its stock. A duplicate comes after the order that was accepted under
 * its id, wherever it lies; `ids` has those of all rejected orders.
 */
export async function* pastOrders(contents: StoreContents, ids: IdFilter): AsyncGenerator<PastOrder> {
  const accepted = new Set<string>();
  const early = new Map<string, RejectedOrder[]>();
  for await (const order of byOffset(contents)) {
    const id = order.order_id;
    if ("reason" in order && REPEATED.has(order.reason) && !accepted.has(id)) {
      early.set(id, [...early.get(id) ?? [], order]);
      continue;
    }
    yield order;
    if ("reason" in order || !ids.mayHave(id)) continue;
    accepted.add(id);
    yield* early.get(id) ?? [];
    early.delete(id);
  }
  for (const orders of early.values()) yield* orders;
}

async function* byOffset(contents: StoreContents): AsyncGenerator<PastOrder> {
  const heads = new Map<string, Head>();
  for (const { topic, partition, orders } of contents.rejectedByOffset()) {
    const rest = Symbol.asyncIterator in orders ? orders[Symbol.asyncIterator]() : orders[Symbol.iterator]();
    const head = new Head(rest);
    await head.advance();
    heads.set(placeOf(topic, partition), head);
  }
  for await (const accepted of contents.orders()) {
    const head = heads.size === 0 ? undefined : heads.get(placeOf(accepted.topic, accepted.partition));
    while (head?.order !== undefined && head.order.offset < accepted.offset) {
      yield head.order;
      await head.advance();
    }
    yield accepted;
  }
  yield* byTime([...heads.values()]);
}

async function* byTime(heads: readonly Head[]): AsyncGenerator<RejectedOrder> {
  while (true) {
    const left = heads.filter(({ order }) => order !== undefined);
    if (left.length === 0) return;
    const first = left.reduce((one, other) => other.order!.rejected_at < one.order!.rejected_at ? other : one);
    yield first.order!;
    await first.advance();
  }
}

/** The next rejected order of a partition; undefined after the last. */
class Head {
  order: RejectedOrder | undefined;
  readonly #rest: Rejections;

  constructor(rest: Rejections) {
    this.#rest = rest;
  }

  async advance(): Promise<void> {
    const { value, done } = await this.#rest.next();
    this.order = done ? undefined : value;
  }
}

function placeOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
