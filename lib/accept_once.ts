import type { ReceivedOrder } from "./order.ts";

/** What an order is whose `order_id` was accepted before. */
export type Repetition = "redelivered" | "duplicate" | "order-id-conflict";

/**
 * An `order_id` is accepted once, ever. The accepted record itself, delivered again, is skipped; any other with its id
 * is rejected, as a `duplicate` if the contents are the same.
 */
export function repetition(received: ReceivedOrder, earlier: ReceivedOrder): Repetition {
  const { at, order } = received;
  if (at.offset === earlier.at.offset && at.partition === earlier.at.partition && at.topic === earlier.at.topic) {
    return "redelivered";
  }
  // A resumed replay sends again what it does not find in the log yet: the same id, a new creation time.
  const sameTime = order.created_at === earlier.order.created_at || received.replayOf !== undefined;
  const same = order.user === earlier.order.user && order.item === earlier.order.item &&
    order.quantity === earlier.order.quantity && sameTime;
  return same ? "duplicate" : "order-id-conflict";
}

/** Characters at the end of an id that make its number: UUIDs differ there. */
const TAIL = 8;

/**
 * The orders accepted in a batch, by `order_id`.
 *
 * Looking up a number in a Map takes a quarter of the time of a string that was never hashed before. Ids with the same
 * number share a Map of strings, so nobody can slow this down with ids that collide.
 */
export class AcceptedIds {
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

/** A number of 30 bits: small enough for V8 to store without an object. */
function tailOf(orderId: string): number {
  let tail = 0;
  for (let at = Math.max(0, orderId.length - TAIL); at < orderId.length; at++) {
    tail = Math.imul(tail, 31) + orderId.charCodeAt(at);
  }
  return tail & 0x3fffffff;
}
