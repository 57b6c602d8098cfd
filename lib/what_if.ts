import { repetition } from "./accept_once.ts";
import { AlteredStock, type Pair, type StockAlteration } from "./altered_stock.ts";
import { decideOrder, INVALID_REASONS, PAID } from "./decide_order.ts";
import { nameKey, type ReceivedOrder, type User } from "./order.ts";
import { type PastOrder, REPEATED } from "./past_orders.ts";
import { IdFilter } from "./id_filter.ts";
import type { StoreContents } from "./store_admin.ts";
import type { Outcome } from "./verdicts.ts";

/** What is altered. What is not given stays as each order met it. */
export interface Alteration {
  /** The users there would have been all along, by `nameKey`. */
  users?: ReadonlyMap<string, User>;
  stock?: StockAlteration;
  /** Orders created before, in milliseconds since the epoch, are not judged: they took effect as they did. */
  since?: number;
}

/** An order whose verdict would have been another one. */
export interface Difference {
  past: PastOrder;
  was: Outcome;
  wouldBe: Outcome;
  /** What it met, and what it would have met. */
  status: Pair<string | undefined>;
  stock: Pair<number | undefined>;
  /** Whether the altered user's status is not altered, but that of the store as of now. */
  isStatusOfNow: boolean;
}

/** No change of users or stock can help these, and a store keeps their names and ids only as far as it can. */
const INVALID: ReadonlySet<string> = new Set(INVALID_REASONS);

/**
 * Judges past orders once more, one after the other, by the rules of the consumer (`judge_batch.ts`), as if users or
 * stock had been others.
 *
 * Each order meets what it met then, as the store noted it, but for what is altered: the user in place of the user, and
 * the stock plus what the alteration has made of it so far ({@linkcode AlteredStock}). So without an alteration each
 * verdict comes out as it was, whatever users and stock were edited to meanwhile.
 */
export class WhatIf {
  readonly stock: AlteredStock;
  readonly #alteration: Alteration;
  /** Users as of now. */
  readonly #users: ReadonlyMap<string, User>;
  readonly #ids: IdFilter;
  /** Orders that would have been accepted, as far as others might come with their id. */
  readonly #accepted = new Map<string, ReceivedOrder>();

  /** `ids` has those of all rejected orders. */
  constructor(contents: StoreContents, ids: IdFilter, alteration: Alteration) {
    this.#alteration = alteration;
    this.#ids = ids;
    this.#users = new Map(contents.users.map((user) => [nameKey(user.name), user]));
    this.stock = new AlteredStock(contents, alteration.stock, { isFromBeginning: alteration.since === undefined });
  }

  /** Whether the order is among those judged. */
  isJudged({ created_at }: PastOrder): boolean {
    return created_at >= (this.#alteration.since ?? -Infinity);
  }

  /** The difference that the alteration makes to the next order; undefined where it makes none. */
  judge(past: PastOrder): Difference | undefined {
    const was = outcomeOf(past);
    if (INVALID.has(was)) return undefined;
    const received = asReceived(past);
    if (!this.isJudged(past)) {
      if (was === "accepted") this.#remember(received);
      this.stock.pass(past.item, stockMet(past), was === "accepted" ? past.quantity : 0);
      return undefined;
    }
    const stock = this.stock.meet(past.item, stockMet(past));
    const status = { was: this.#statusMet(past)?.status, wouldBe: this.#user(past)?.status };
    const wouldBe = this.#outcome(past, received, stock.wouldBe);
    if (wouldBe === "accepted") this.#remember(received);
    const quantity = (outcome: Outcome) => outcome === "accepted" ? past.quantity : 0;
    this.stock.take(past.item, { was: quantity(was), wouldBe: quantity(wouldBe) });
    if (wouldBe === was) return undefined;
    const now = this.#users.get(nameKey(past.user))?.status;
    const isStatusOfNow = status.wouldBe !== status.was && status.wouldBe === now;
    return { past, was, wouldBe, status, stock, isStatusOfNow };
  }

  #outcome(past: PastOrder, received: ReceivedOrder, quantity: number | undefined): Outcome {
    const earlier = this.#accepted.get(past.order_id);
    if (earlier !== undefined) return repetition(received, earlier);
    const item = quantity === undefined ? undefined : { quantity };
    return decideOrder(received.order, this.#user(past), item);
  }

  #user(past: PastOrder): User | undefined {
    const { users } = this.#alteration;
    return users === undefined ? this.#statusMet(past) : users.get(nameKey(past.user));
  }

  /** The user as the order met it; as of now where it was not looked up. */
  #statusMet(past: PastOrder): User | undefined {
    const name = past.user;
    if (!("reason" in past)) return { name, status: PAID };
    if (REPEATED.has(past.reason)) return this.#users.get(nameKey(name));
    return past.status === undefined ? undefined : { name, status: past.status };
  }

  #remember(received: ReceivedOrder): void {
    const id = received.order.order_id;
    if (this.#ids.mayHave(id)) this.#accepted.set(id, received);
  }
}

function outcomeOf(past: PastOrder): Outcome {
  return "reason" in past ? past.reason : "accepted";
}

/** The stock that the order met: a number, null where there was no such item, undefined where it was not looked up. */
function stockMet(past: PastOrder): number | null | undefined {
  if (!("reason" in past)) return past.remaining + past.quantity;
  return REPEATED.has(past.reason) ? undefined : past.stock ?? null;
}

function asReceived(past: PastOrder): ReceivedOrder {
  const { order_id, user, item, quantity, created_at, topic, partition, offset, replay_of } = past;
  return {
    order: { order_id, user, item, quantity, created_at },
    at: { topic, partition, offset },
    replayOf: replay_of,
  };
}
