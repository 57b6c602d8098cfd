import { decideOrder, invalidOrder, type RejectReason } from "./decide_order.ts";
import { nameKey, type ReceivedOrder, type StockItem, type User } from "./order.ts";

/** How an order relates to an accepted one of the same `order_id`. */
export type Precedent =
  /** No accepted order has this id. */
  | "none"
  /** The very record that was accepted (same coordinates), delivered again. */
  | "redelivered"
  /** Accepted before from other coordinates, with the same contents. */
  | "duplicate"
  /** Accepted before from other coordinates, with other contents. */
  | "order-id-conflict";

/** Users, stock and accepted orders as they stand when a batch is judged. */
export interface StoreView {
  user(name: string): User | undefined;
  item(name: string): StockItem | undefined;
  precedent(received: ReceivedOrder): Precedent;
}

export type Rejection = RejectReason | "duplicate" | "order-id-conflict";

export interface Accepted {
  kind: "accepted";
  received: ReceivedOrder;
  /** Stock of the item before and after. */
  before: number;
  remaining: number;
}

export interface Rejected {
  kind: "rejected";
  received: ReceivedOrder;
  reason: Rejection;
  /** The user's status as seen, where it was looked up. */
  status?: string;
  /** The item's stock as seen, where it was looked up. */
  stock?: number;
}

/** Accepted earlier; nothing happens again. */
export interface Redelivered {
  kind: "redelivered";
  received: ReceivedOrder;
}

/** What became of one order. */
export type Verdict = Accepted | Rejected | Redelivered;

/**
 * Judges orders one after the other, each against what the ones before it left. Pure: `view` is only read.
 *
 * An order that is no valid one is rejected for that; then its id decides (`order_id` is accepted once, ever);
 * then user and stock (`decideOrder`).
 */
export function judgeBatch(orders: readonly ReceivedOrder[], view: StoreView): Verdict[] {
  const batch = new BatchState(view);
  return orders.map((received) => batch.judge(received));
}

/** The view plus what the batch itself has accepted so far. */
class BatchState {
  readonly #view: StoreView;
  readonly #remaining = new Map<string, number>();
  readonly #accepted = new Map<string, ReceivedOrder>();

  constructor(view: StoreView) {
    this.#view = view;
  }

  judge(received: ReceivedOrder): Verdict {
    const { order } = received;
    const invalid = invalidOrder(order);
    if (invalid !== undefined) return { kind: "rejected", received, reason: invalid };
    const precedent = this.#precedent(received);
    if (precedent === "redelivered") return { kind: "redelivered", received };
    if (precedent !== "none") return { kind: "rejected", received, reason: precedent };
    return this.#decide(received);
  }

  #precedent(received: ReceivedOrder): Precedent {
    const earlier = this.#accepted.get(received.order.order_id);
    return earlier === undefined ? this.#view.precedent(received) : comparePrecedent(received, earlier);
  }

  #decide(received: ReceivedOrder): Verdict {
    const { order } = received;
    const user = this.#view.user(order.user);
    const item = this.#item(order.item);
    const decision = decideOrder(order, user, item);
    if (!decision.accepted) {
      return { kind: "rejected", received, reason: decision.reason, status: user?.status, stock: item?.quantity };
    }
    this.#remaining.set(nameKey(order.item), decision.remaining);
    this.#accepted.set(order.order_id, received);
    return { kind: "accepted", received, before: item!.quantity, remaining: decision.remaining };
  }

  #item(name: string): StockItem | undefined {
    const quantity = this.#remaining.get(nameKey(name));
    return quantity === undefined ? this.#view.item(name) : { name, quantity };
  }
}

/** How `received` relates to `earlier`, an accepted order with the same `order_id`. */
export function comparePrecedent(received: ReceivedOrder, earlier: ReceivedOrder): Precedent {
  const { at, order } = received;
  if (at.offset === earlier.at.offset && at.partition === earlier.at.partition && at.topic === earlier.at.topic) {
    return "redelivered";
  }
  // A resumed replay sends what is still on its way once more, with the id it had but created anew.
  const sameTime = order.created_at === earlier.order.created_at || received.replayOf !== undefined;
  const same = order.user === earlier.order.user && order.item === earlier.order.item &&
    order.quantity === earlier.order.quantity && sameTime;
  return same ? "duplicate" : "order-id-conflict";
}
