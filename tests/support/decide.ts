import { decideOrder, type Decision, invalidOrder } from "../../lib/decide_order.ts";
import {
  type CheckedOrder,
  isValidName,
  isValidOrderId,
  type Order,
  type StockItem,
  type User,
} from "../../lib/order.ts";

/** An order whose texts were checked as such. */
export function checked(order: Order): CheckedOrder {
  const hasValidNames = isValidName(order.user) && isValidName(order.item);
  return { ...order, hasValidId: isValidOrderId(order.order_id), hasValidNames };
}

/** What becomes of any order, valid or not. */
export function decide(order: Order, user: User | undefined, item: StockItem | undefined): Decision {
  return invalidOrder(checked(order)) ?? decideOrder(order, user, item);
}
