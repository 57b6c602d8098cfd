import type { ReceivedOrder } from "./order.ts";
import type { OrderColumns } from "./order_columns.ts";
import { HASH_WORDS, type HashKey } from "./sip_hash.ts";

const FIRST_SLOTS = 64;

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

/**
 * The rows of a batch that were accepted, by the hash of their `order_id` under a secret key: nobody can slow this down
 * with ids that collide.
 */
export class AcceptedRows {
  /** Row + 1, by hash; 0 is free. */
  #slots = new Int32Array(0);
  #orders!: OrderColumns;
  #hashes = new Uint32Array(0);
  /** The slot where the row last asked for belongs. */
  #slot = 0;

  begin(orders: OrderColumns, key: HashKey): void {
    this.#orders = orders;
    this.#hashes = orders.hashes(key);
    let size = FIRST_SLOTS;
    while (size < 2 * orders.length) size *= 2;
    if (this.#slots.length === size) this.#slots.fill(0);
    else this.#slots = new Int32Array(size);
  }

  /** The accepted row with the id of this one; -1 if there is none. */
  find(row: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = this.#hashes[row * HASH_WORDS] & mask;; slot = (slot + 1) & mask) {
      const found = slots[slot] - 1;
      this.#slot = slot;
      if (found < 0 || this.#haveSameId(found, row)) return found;
    }
  }

  /** Adds the row that {@linkcode find} was asked for last, and did not find. */
  add(row: number): void {
    this.#slots[this.#slot] = row + 1;
  }

  #haveSameId(one: number, other: number): boolean {
    const hashes = this.#hashes;
    for (let word = 0; word < HASH_WORDS; word++) {
      if (hashes[one * HASH_WORDS + word] !== hashes[other * HASH_WORDS + word]) return false;
    }
    return this.#orders.orderId(one) === this.#orders.orderId(other);
  }
}
