import type { OrderHistory } from "../../store_admin.ts";
import type { SeenVerdict, StoreLook, StoreWatch, WatchLimits } from "../../store_watch.ts";
import { storageLayout } from "../disk/layout.ts";
import { requireStorage } from "../store/storage_folder.ts";
import { LogTail } from "./log_tail.ts";
import { orderHistory } from "./order_history.ts";
import { RejectedCount } from "./rejected_count.ts";
import { StockWatch } from "./stock_watch.ts";

/**
 * Watches a storage folder without any of its locks. What is appended between two looks is read as far as it is little,
 * else sampled; the number of accepted orders is exact all the same, because orders and edits are numbered without gaps.
 *
 * Permission: read of the folder.
 */
export class FileWatch implements StoreWatch {
  readonly #folder: string;
  readonly #limits: WatchLimits;
  readonly #log: LogTail;
  readonly #rejected: RejectedCount;
  readonly #stock: StockWatch;
  /** Undefined before the first look. */
  #accepted: number | undefined;

  constructor(folder: string, limits: WatchLimits) {
    const layout = storageLayout(folder);
    this.#folder = folder;
    this.#limits = limits;
    this.#log = new LogTail(layout.orders);
    this.#rejected = new RejectedCount(layout);
    this.#stock = new StockWatch(layout);
  }

  async look(): Promise<StoreLook> {
    requireStorage(storageLayout(this.#folder));
    const log = this.#log.look();
    const rejected = await this.#rejected.look();
    const known = this.#stock.ordersUpTo(log.lastSeq);
    const before = this.#accepted;
    this.#accepted = known ?? before ?? 0;
    const most = this.#limits.news;
    const accepted = log.orders.slice(-most).map((order): SeenVerdict => ({
      verdict: "accepted",
      ...withoutBatch(order),
    }));
    const others = rejected.orders.slice(-most).map((order): SeenVerdict => ({ verdict: "rejected", ...order }));
    return {
      accepted: this.#accepted,
      rejected: rejected.counts,
      // A folder that was begun anew has fewer.
      fresh: { accepted: Math.max(0, this.#accepted - (before ?? this.#accepted)), rejected: rejected.fresh },
      isExact: known !== undefined && rejected.isExact,
      news: [...accepted, ...others],
      isSampled: log.isSampled || rejected.isSampled,
      ...this.#stock.rows(log.orders, log.lastSeq, this.#limits),
    };
  }

  history(orderId: string): Promise<OrderHistory> {
    return orderHistory(this.#folder, orderId);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function withoutBatch<T extends { batch: number }>({ batch: _, ...order }: T): Omit<T, "batch"> {
  return order;
}
