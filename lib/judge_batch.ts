import { AcceptedRows, repetition } from "./accept_once.ts";
import { decideOrder, invalidOrder } from "./decide_order.ts";
import { NameMemo } from "./name_memo.ts";
import { nameKey, type ReceivedOrder, type User } from "./order.ts";
import { type OrderColumns, OrderRow } from "./order_columns.ts";
import { type HashKey, newHashKey } from "./sip_hash.ts";
import { type Outcome, type Stock, Verdicts } from "./verdicts.ts";

/** Users, stock and accepted orders as they stand when a batch is judged. */
export interface StoreView {
  /** Changes whenever a user or an item is replaced; a quantity that only orders have changed does not count. */
  readonly version: unknown;
  user(name: string): User | undefined;
  item(name: string): Stock | undefined;
  /** The order that was accepted under the `order_id` in this row of the batch. */
  accepted(row: number): ReceivedOrder | undefined;
  /** The key under which the store hashes ids, if it does. */
  readonly hashKey?: HashKey;
}

/**
 * Judges batches of orders. It remembers users and items as long as the view has the same version: they recur all the
 * time, and looking names up is a fifth of a consumer's time.
 */
export class Judge {
  #names: unknown;
  #version: unknown;
  readonly #users = new NameMemo<User | undefined>();
  readonly #items = new NameMemo<StockLeft | undefined>();
  /** By `nameKey`: two spellings of a name share one stock. */
  readonly #spelled = new Map<string, StockLeft | undefined>();
  readonly #accepted = new AcceptedRows();
  readonly #key = newHashKey();
  /** Counts the batches: what one has left of an item is no longer true in the next. */
  #batch = 0;

  /**
   * Judges orders one after the other, each against the stock that those before it left. Pure: `view` is only read.
   *
   * An order that is not valid is rejected for that. An `order_id` is accepted once, ever: an order with an accepted id
   * is compared with the accepted one (`accept_once.ts`). Any other is decided by {@linkcode decideOrder}.
   */
  judge(orders: OrderColumns, view: StoreView): Verdicts {
    this.#begin(orders, view);
    const verdicts = new Verdicts(orders);
    const order = new OrderRow(orders);
    for (let row = 0; row < orders.length; row++) {
      order.row = row;
      const outcome = invalidOrder(order) ?? this.#repetition(orders, row, view) ?? this.#decide(order, verdicts, view);
      verdicts.outcomes[row] = outcome;
      if (outcome === "accepted") verdicts.accepted++;
      else if (outcome !== "redelivered") verdicts.rejected++;
    }
    return verdicts;
  }

  #begin(orders: OrderColumns, view: StoreView): void {
    this.#accepted.begin(orders, view.hashKey ?? this.#key);
    this.#batch++;
    if (orders.names === this.#names && view.version === this.#version) return;
    this.#names = orders.names;
    this.#version = view.version;
    this.#users.clear();
    this.#items.clear();
    this.#spelled.clear();
  }

  #repetition(orders: OrderColumns, row: number, view: StoreView): Outcome | undefined {
    const first = this.#accepted.find(row);
    const earlier = first >= 0 ? orders.at(first) : view.accepted(row);
    return earlier && repetition(orders.at(row), earlier);
  }

  #decide(order: OrderRow, { orders, users, items, stock }: Verdicts, view: StoreView): Outcome {
    const { row } = order;
    const user = users[row] = this.#user(orders, row, view);
    const item = this.#item(orders, row, view);
    const decision = decideOrder(order, user, item);
    if (item !== undefined) {
      items[row] = item.inStore;
      stock[row] = item.quantity;
    }
    if (decision !== "accepted") return decision;
    item!.quantity -= order.quantity;
    this.#accepted.add(row);
    return decision;
  }

  #user(orders: OrderColumns, row: number, view: StoreView): User | undefined {
    const name = orders.user[row];
    if (!this.#users.has(name)) this.#users.set(name, view.user(orders.names.text(name)));
    return this.#users.get(name);
  }

  /** The stock as the batch has left it so far. */
  #item(orders: OrderColumns, row: number, view: StoreView): StockLeft | undefined {
    const name = orders.item[row];
    if (!this.#items.has(name)) this.#items.set(name, this.#lookUpItem(orders.names.text(name), view));
    const item = this.#items.get(name);
    if (item !== undefined && item.batch !== this.#batch) {
      item.batch = this.#batch;
      item.quantity = item.inStore.quantity;
    }
    return item;
  }

  #lookUpItem(name: string, view: StoreView): StockLeft | undefined {
    const key = nameKey(name);
    if (this.#spelled.has(key)) return this.#spelled.get(key);
    const inStore = view.item(name);
    const item = inStore && { inStore, batch: 0, quantity: 0 };
    this.#spelled.set(key, item);
    return item;
  }
}

/** An item, and what a batch has left of it; durable is only what the store has. */
interface StockLeft extends Stock {
  readonly inStore: Stock;
  /** The batch that `quantity` is of. */
  batch: number;
}
