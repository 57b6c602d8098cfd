import { invalidOrder, refusal, type RejectReason } from "./decide_order.ts";
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
 * then user and stock (`refusal`): together what `decideOrder` says of one order alone.
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
  /** By the name as it is written. */
  readonly #items = new Map<string, StockItem | undefined>();
  /** By `nameKey`: two ways to write a name share one stock. */
  readonly #stock = new Map<string, StockItem>();

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
    const earlier = this.#accepted.find(received.order.order_id);
    return earlier === undefined ? this.#view.precedent(received) : comparePrecedent(received, earlier);
  }

  #decide(received: ReceivedOrder): Verdict {
    const { order } = received;
    const user = this.#user(order.user);
    const item = this.#item(order.item);
    const reason = refusal(order, user, item);
    if (reason !== undefined) {
      return { kind: "rejected", received, reason, status: user?.status, stock: item?.quantity };
    }
    const before = item!.quantity;
    item!.quantity -= order.quantity;
    this.#accepted.add(received);
    return { kind: "accepted", received, before, remaining: item!.quantity };
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
    const item = this.#stock.get(key) ?? copy(this.#view.item(name));
    if (item !== undefined) this.#stock.set(key, item);
    this.#items.set(name, item);
    return item;
  }
}

function copy(item: StockItem | undefined): StockItem | undefined {
  return item && { ...item };
}

/** Characters at the end of an id that choose its place: those of a UUID differ there. */
const TAIL = 8;

/**
 * The orders accepted in a batch, by `order_id`.
 *
 * A Map of numbers is asked in a quarter of the time of a Map of strings that were never hashed before. Ids that share
 * a number share a Map of strings, so that one who makes them share it gains nothing.
 */
class AcceptedIds {
  readonly #first = new Map<number, ReceivedOrder>();
  readonly #others = new Map<string, ReceivedOrder>();

  find(orderId: string): ReceivedOrder | undefined {
    const first = this.#first.get(tailOf(orderId));
    return first === undefined || first.order.order_id === orderId ? first : this.#others.get(orderId);
  }

  add(received: ReceivedOrder): void {
    const tail = tailOf(received.order.order_id);
    if (this.#first.has(tail)) this.#others.set(received.order.order_id, received);
    else this.#first.set(tail, received);
  }
}

/** A number of 30 bits: small enough that V8 keeps it without an object. */
function tailOf(orderId: string): number {
  let tail = 0;
  for (let at = Math.max(0, orderId.length - TAIL); at < orderId.length; at++) {
    tail = Math.imul(tail, 31) + orderId.charCodeAt(at);
  }
  return tail & 0x3fffffff;
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
