import { type CheckedOrder, MAX_QUANTITY, type Order, type StockItem, type User } from "./order.ts";

/** Why an order is rejected whatever users and stock are: the order itself is at fault. */
export const INVALID_REASONS = ["invalid-order-id", "invalid-name", "invalid-quantity"] as const;

/** Why an order is rejected; the first if several apply. A rule of your own: docs/guides/own-rule.md. */
export const REJECT_REASONS = [
  ...INVALID_REASONS,
  "unknown-user",
  "unpaid-user",
  "unknown-item",
  "insufficient-stock",
] as const;
export type RejectReason = (typeof REJECT_REASONS)[number];

/** Those where a change to users or stock can help. */
export const RETRYABLE_REASONS: readonly string[] = REJECT_REASONS.slice(INVALID_REASONS.length);

export type Decision = "accepted" | RejectReason;

/** The only status that lets a user order. */
export const PAID = "paid";
/** The statuses a user can have; anything else, written without the tools, counts as unpaid. */
export const USER_STATUSES = [PAID, "unpaid"] as const;

/** What is wrong with the order itself, regardless of users and stock; undefined if nothing is. */
export function invalidOrder({ hasValidId, hasValidNames, quantity }: CheckedOrder): RejectReason | undefined {
  if (!hasValidId) return "invalid-order-id";
  if (!hasValidNames) return "invalid-name";
  if (!Number.isInteger(quantity) || quantity <= 0 || quantity > MAX_QUANTITY) return "invalid-quantity";
}

/**
 * Decides a valid order against its user and item as they stand; undefined for one that does not exist.
 *
 * Accepted: the user is paid and the item has enough. Otherwise the first reason of {@linkcode REJECT_REASONS} that
 * applies. No I/O, clock or randomness. The order may be a view of a row that moves on: keep nothing of it.
 */
export function decideOrder(
  { quantity }: Order,
  user: User | undefined,
  item: Pick<StockItem, "quantity"> | undefined,
): Decision {
  if (user === undefined) return "unknown-user";
  if (user.status !== PAID) return "unpaid-user";
  if (item === undefined) return "unknown-item";
  if (item.quantity < quantity) return "insufficient-stock";
  return "accepted";
}
