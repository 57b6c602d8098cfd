import type { Order } from "../lib/order.ts";

/** What a consumer has left behind. */
export interface Books {
  /** Ids in its log of accepted orders, in order; one that took effect twice is there twice. */
  accepted: readonly string[];
  stock: Readonly<Record<string, number>>;
}

export interface Reckoning {
  /** Orders that should have been accepted. */
  due: number;
  /** What is wrong, as sentences; none where each order took effect once. */
  faults: string[];
}

/**
 * What should have come of the orders `sent`, in this order, from the stock at the `start`, by counting on one's
 * fingers: each `order_id` once, as long as there is stock. Knows nothing of the consumer, so it serves for any.
 */
export function reckon(
  { start, sent, books }: { start: Readonly<Record<string, number>>; sent: readonly Order[]; books: Books },
): Reckoning {
  const left = { ...start };
  const due = new Set<string>();
  for (const { order_id, item, quantity } of sent) {
    if (due.has(order_id) || left[item] < quantity) continue;
    due.add(order_id);
    left[item] -= quantity;
  }
  const accepted = new Set(books.accepted);
  const lost = due.difference(accepted).size;
  const doubled = books.accepted.length - accepted.size;
  const unfounded = accepted.difference(due).size;
  const faults = [
    lost > 0 && `${lost} of ${due.size} not accepted`,
    doubled > 0 && `${doubled} doubled`,
    unfounded > 0 && `${unfounded} sold without stock`,
    ...Object.keys(start).map((item) => left[item] !== books.stock[item] && wrongStock(item, left, books.stock)),
  ];
  return { due: due.size, faults: faults.filter((fault) => fault !== false) };
}

function wrongStock(item: string, left: Record<string, number>, found: Readonly<Record<string, number>>): string {
  return `${item} is ${found[item] ?? "gone"} in place of ${left[item]}`;
}
