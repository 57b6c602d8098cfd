import { AcceptedIds, type Repetition, repetition } from "./accept_once.ts";
import { decideOrder, invalidOrder, type RejectReason } from "./decide_order.ts";
import { nameKey, type ReceivedOrder, type StockItem, type User } from "./order.ts";

/** Users, stock and accepted orders as they stand when a batch is judged. */
export interface StoreView {
  user(name: string): User | undefined;
  item(name: string): StockItem | undefined;
  /** The order that was accepted under this `order_id`. */
  accepted(orderId: string): ReceivedOrder | undefined;
}

export type Rejection = RejectReason | Exclude<Repetition, "redelivered">;

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
  /** The user's status as seen, if it was looked up. */
  status?: string;
  /** The item's stock as seen, if it was looked up. */
  stock?: number;
}

/** Accepted earlier; it takes no effect again. */
export interface Redelivered {
  kind: "redelivered";
  received: ReceivedOrder;
}

/** What became of one order. */
export type Verdict = Accepted | Rejected | Redelivered;

/**
 * Judges orders one after the other, each against the stock that those before it left. Pure: `view` is only read.
 *
 * An `order_id` is accepted once, ever: an order with an accepted id is compared with the accepted one
 * (`accept_once.ts`). Any other is
 * decided by {@linkcode decideOrder}, and so is any invalid one.
 */
export function judgeBatch(orders: readonly ReceivedOrder[], view: StoreView): Verdict[] {
  const batch = new BatchState(view);
  return orders.map((received) => batch.judge(received));
}

/** The view plus what the batch itself has accepted so far; each name is looked up in the view once. */
class BatchState {
  readonly #view: StoreView;
  readonly #accepted = new AcceptedIds();
  readonly #users = new Map<string, User | undefined>();
  /** By `nameKey`, and by the name as written. */
  readonly #items = new Map<string, StockItem | undefined>();

  constructor(view: StoreView) {
    this.#view = view;
  }

  judge(received: ReceivedOrder): Verdict {
    const { order } = received;
    const earlier = this.#accepted.find(order.order_id) ?? this.#view.accepted(order.order_id);
    if (earlier !== undefined && invalidOrder(order) === undefined) {
      return asVerdict(received, repetition(received, earlier));
    }
    const item = this.#item(order.item);
    const decision = decideOrder(order, this.#user(order.user), item);
    if (!decision.accepted) {
      const { reason, status, stock } = decision;
      return { kind: "rejected", received, reason, status, stock };
    }
    const before = item!.quantity;
    item!.quantity = decision.remaining;
    this.#accepted.add(received);
    return { kind: "accepted", received, before, remaining: decision.remaining };
  }

  #user(name: string): User | undefined {
    const known = this.#users.get(name);
    if (known !== undefined || this.#users.has(name)) return known;
    const user = this.#view.user(name);
    this.#users.set(name, user);
    return user;
  }

  /** The stock as the batch has left it so far: a copy, which the batch may change. */
  #item(name: string): StockItem | undefined {
    const known = this.#items.get(name);
    if (known !== undefined || this.#items.has(name)) return known;
    const key = nameKey(name);
    const item = this.#items.get(key) ?? copy(this.#view.item(name));
    this.#items.set(name, item);
    if (key !== name) this.#items.set(key, item); // two spellings of a name share one stock
    return item;
  }
}

function asVerdict(received: ReceivedOrder, repetition: Repetition): Verdict {
  if (repetition === "redelivered") return { kind: "redelivered", received };
  return { kind: "rejected", received, reason: repetition };
}

function copy(item: StockItem | undefined): StockItem | undefined {
  return item && { name: item.name, quantity: item.quantity };
}
