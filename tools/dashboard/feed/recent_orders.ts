import { nameKey } from "../../../lib/order.ts";
import type { SeenVerdict } from "../../../lib/store_watch.ts";
import { LIMITS, type Mark, type OrdersAnswer, type SeenOrder } from "../snapshot.ts";

/** Orders kept to be searched. */
const KEPT = 5_000;

/** The latest verdicts: to be listed, searched, and marked in the lanes. */
export class RecentOrders {
  /** Oldest first. */
  #orders: SeenOrder[] = [];
  /** Verdicts by partition and offset, the newest last. */
  readonly #marks = new Map<number, Map<number, string>>();
  readonly #topic: string;

  constructor(topic: string) {
    this.#topic = topic;
  }

  /** `at`: when they were seen, for those whose store notes no time; they are sorted in by time. */
  add(news: readonly SeenVerdict[], at: number): void {
    if (news.length === 0) return;
    const seen = news.map((order): SeenOrder => {
      if (order.verdict === "rejected") return { ...order, at: order.rejected_at };
      const { seq: _, ...accepted } = order;
      return { ...accepted, at: order.accepted_at ?? at };
    }).sort((a, b) => a.at - b.at);
    this.#orders = [...this.#orders, ...seen].slice(-KEPT);
    for (const order of seen) {
      if (order.topic !== this.#topic) continue;
      const verdict = order.verdict === "accepted" ? "accepted" : order.reason;
      this.mark(order.partition, { offset: order.offset, verdict });
    }
  }

  /** Notes a verdict on a record; the last one counts. */
  mark(partition: number, { offset, verdict }: Mark): void {
    let marks = this.#marks.get(partition);
    if (marks === undefined) this.#marks.set(partition, marks = new Map());
    marks.delete(offset); // so that it counts as the newest
    marks.set(offset, verdict);
    if (marks.size > LIMITS.marks) marks.delete(marks.keys().next().value!);
  }

  /** Latest verdicts on a partition, by offset. */
  marks(partition: number): Mark[] {
    const marks = this.#marks.get(partition) ?? [];
    return [...marks].map(([offset, verdict]) => ({ offset, verdict })).sort((a, b) => a.offset - b.offset);
  }

  /** Newest first. */
  latest(): SeenOrder[] {
    return this.#orders.slice(-LIMITS.orders).reverse();
  }

  /** Those whose id, user or item contains `text`, whatever its case. */
  search(text: string): OrdersAnswer {
    const wanted = nameKey(text).toLowerCase();
    const has = (value: string) => nameKey(value).toLowerCase().includes(wanted);
    const orders: SeenOrder[] = [];
    for (let index = this.#orders.length - 1; index >= 0 && orders.length < LIMITS.orders; index--) {
      const order = this.#orders[index];
      if (has(order.order_id) || has(order.user) || has(order.item)) orders.push(order);
    }
    return { orders, searched: this.#orders.length };
  }
}
