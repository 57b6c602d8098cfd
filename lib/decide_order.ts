import { isValidName, isValidOrderId, MAX_QUANTITY, type Order, type StockItem, type User } from "./order.ts";

/** Why an order is rejected; the first if several apply. */
export const REJECT_REASONS = [
  "invalid-order-id",
  "invalid-name",
  "invalid-quantity",
  "unknown-user",
  "unpaid-user",
  "unknown-item",
  "insufficient-stock",
] as const;
export type RejectReason = (typeof REJECT_REASONS)[number];

/** Those where a change to users or stock can help; with the others the order itself is at fault. */
export const RETRYABLE_REASONS: readonly string[] = [
  "unknown-user",
  "unpaid-user",
  "unknown-item",
  "insufficient-stock",
] satisfies RejectReason[];

export type Decision =
  | { accepted: true; remaining: number }
  /** `status` of the user and `stock` of the item as seen, if they were looked up. */
  | { accepted: false; reason: RejectReason; status?: string; stock?: number };

/** The only status that lets a user order. */
export const PAID = "paid";

/** What is wrong with the order itself, regardless of users and stock; undefined if nothing is. */
export function invalidOrder(order: Order): RejectReason | undefined {
  if (!isValidOrderId(order.order_id)) return "invalid-order-id";
  if (!isValidName(order.user) || !isValidName(order.item)) return "invalid-name";
  const { quantity } = order;
  if (!Number.isInteger(quantity) || quantity <= 0 || quantity > MAX_QUANTITY) return "invalid-quantity";
}

/**
 * Decides one order against its user and item as they stand; undefined for one that does not exist.
 *
 * Accepted: the user is paid and the item has enough; `remaining` is the stock it leaves. No I/O, clock or randomness.
 */
export function decideOrder(order: Order, user: User | undefined, item: StockItem | undefined): Decision {
  const invalid = invalidOrder(order);
  if (invalid !== undefined) return { accepted: false, reason: invalid };
  const reason = rejection(order, user, item);
  if (reason !== undefined) return { accepted: false, reason, status: user?.status, stock: item?.quantity };
  return { accepted: true, remaining: item!.quantity - order.quantity };
}

/** Why a valid order is rejected; undefined where it is accepted. */
function rejection(order: Order, user: User | undefined, item: StockItem | undefined): RejectReason | undefined {
  if (user === undefined) return "unknown-user";
  if (user.status !== PAID) return "unpaid-user";
  if (item === undefined) return "unknown-item";
  if (item.quantity < order.quantity) return "insufficient-stock";
}
