import type { RejectReason } from "./decide_order.ts";
import type { Repetition } from "./accept_once.ts";
import type { ReceivedOrder, StockItem, User } from "./order.ts";
import type { OrderColumns } from "./order_columns.ts";

export type Rejection = RejectReason | Exclude<Repetition, "redelivered">;

/** A verdict in one word: `accepted`, the reason of a rejection, or `redelivered`. */
export type Outcome = "accepted" | "redelivered" | Rejection;

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

/** An item as a store has it: its stock is read when a batch is judged. */
export type Stock = Pick<StockItem, "quantity">;

/** What became of the orders of one batch, a row each as in {@linkcode orders}; {@linkcode at} makes an object of one. */
export class Verdicts implements Iterable<Verdict> {
  readonly orders: OrderColumns;
  readonly outcomes: Outcome[];
  /** What the orders met, where it was looked up: the user, the item as the store has it, and the stock. */
  readonly users: (User | undefined)[];
  readonly items: (Stock | undefined)[];
  readonly stock: Float64Array;
  accepted = 0;
  rejected = 0;

  constructor(orders: OrderColumns) {
    const { length } = orders;
    this.orders = orders;
    this.outcomes = new Array(length);
    this.users = new Array(length);
    this.items = new Array(length);
    this.stock = new Float64Array(length);
  }

  get length(): number {
    return this.orders.length;
  }

  /** Stock that an accepted order leaves. */
  remaining(row: number): number {
    return this.stock[row] - this.orders.quantity[row];
  }

  at(row: number): Verdict {
    const received = this.orders.at(row);
    const outcome = this.outcomes[row];
    if (outcome === "redelivered") return { kind: outcome, received };
    const stock = this.stock[row];
    if (outcome === "accepted") return { kind: outcome, received, before: stock, remaining: this.remaining(row) };
    const seen = this.items[row] === undefined ? undefined : stock;
    return { kind: "rejected", received, reason: outcome, status: this.users[row]?.status, stock: seen };
  }

  isAccepted(row: number): boolean {
    return this.outcomes[row] === "accepted";
  }

  isRejected(row: number): boolean {
    return this.outcomes[row] !== "accepted" && this.outcomes[row] !== "redelivered";
  }

  /** The rows of accepted orders. */
  acceptedRows(): number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.length; row++) if (this.isAccepted(row)) rows.push(row);
    return rows;
  }

  allRejected(): Rejected[] {
    const rejected: Rejected[] = [];
    for (let row = 0; row < this.length; row++) if (this.isRejected(row)) rejected.push(this.at(row) as Rejected);
    return rejected;
  }

  *[Symbol.iterator](): Generator<Verdict> {
    for (let row = 0; row < this.length; row++) yield this.at(row);
  }
}
