import type { StockItem, User } from "./order.ts";
import type { AcceptedOrder, OrderHistory, RejectedOrder } from "./store_admin.ts";
import type { VerdictCounts } from "./verdict_counts.ts";

/** An order with a verdict, as a store keeps it. */
export type SeenVerdict = ({ verdict: "accepted" } & AcceptedOrder) | ({ verdict: "rejected" } & RejectedOrder);

/** The verdicts that a store keeps, counted. */
export type SeenCounts = Pick<VerdictCounts, "accepted" | "rejected">;

/** A store as somebody sees it who looks in from outside now and then. */
export interface StoreLook {
  /** Accepted orders, ever. */
  accepted: number;
  /** Records whose last verdict is a rejection, by its reason. */
  rejected: Record<string, number>;
  /** False while the store is still being counted. */
  isExact: boolean;
  /** Verdicts since the look before, also those that repeat an earlier one; none at the first look. */
  fresh: SeenCounts;
  /** These verdicts, oldest first of each kind; at the first look the latest ones. */
  news: SeenVerdict[];
  /** Whether `news` is only a part of them, because there were many, and `fresh` is worked out from it. */
  isSampled: boolean;
  /** The first items and users, in the store's order, and how many there are. */
  items: StockItem[];
  itemCount: number;
  users: User[];
  userCount: number;
}

/**
 * Watches a store while others work on it: takes no lock that they wait for, and what a look costs is bounded, whatever
 * happened since the one before. `look` is called again once it has settled; it rejects with a `Failure` where the store
 * is away or missing, and goes on by itself afterwards. The caller closes.
 */
export interface StoreWatch {
  look(): Promise<StoreLook>;
  history(orderId: string): Promise<OrderHistory>;
  close(): Promise<void>;
}

/** The most that a look brings. */
export interface WatchLimits {
  /** Accepted orders, and as many rejected ones. */
  news: number;
  items: number;
  users: number;
}
