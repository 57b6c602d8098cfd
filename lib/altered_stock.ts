import { nameKey } from "./order.ts";
import type { StoreContents } from "./store_admin.ts";

/**
 * The stock there would have been, by `nameKey`. An item that is not in it would not have existed; one that the store
 * knows would have been created when it was, any other at the beginning.
 */
export type StockAlteration = ReadonlyMap<string, AlteredItem>;

export interface AlteredItem {
  item: string;
  quantity: number;
  /**
   * The number of the common sequence as of which `quantity` is meant: the difference from the stock as it was then is
   * what there would have been more or less all along. Without one, the item would have been created with `quantity`,
   * or, where not all orders are judged, the first that is judged would have met it.
   */
  asOf?: number;
}

export interface Pair<T> {
  was: T;
  wouldBe: T;
}

/** What the alteration makes of one item; null where there is no such item. */
export interface ItemOutcome {
  item: string;
  /** What it was created with, or what the first of its orders that was judged met. */
  start: Pair<number | null>;
  /** As of now. */
  end: Pair<number | null>;
}

interface ItemState {
  item: string;
  /** The quantity it was created with; null where it never was. */
  opening: number | null;
  /** As of now. */
  now: number | null;
  altered: AlteredItem | undefined;
  /** As in {@linkcode ItemOutcome}; undefined until the first order tells. */
  start: number | null | undefined;
  /** Units there would have been more at the start, and so far; undefined likewise. */
  moreAtStart: number | undefined;
  more: number | undefined;
  /** As the last order left it that tells. */
  left: number | null;
}

/**
 * The stock that each order meets: what it met then, and how much more or less there would have been.
 *
 * That is what there was more at the start, plus what was sold and would not have been, minus what would have been
 * sold. So an edit changes the stock by as much as it did, and the balance of `verify` holds: opening + edits -
 * accepted = stock. Below 0 the edits took away more than there would have been.
 */
export class AlteredStock {
  readonly #isAltered: boolean;
  readonly #items = new Map<string, ItemState>();

  constructor(
    { items, stockAsOf }: Pick<StoreContents, "items" | "stockAsOf">,
    alteration: StockAlteration | undefined,
    { isFromBeginning }: { isFromBeginning: boolean },
  ) {
    this.#isAltered = alteration !== undefined;
    const begin = (key: string, item: string, opening: number | null, now: number | null) => {
      const altered = alteration?.get(key);
      const known = { item, opening, now, altered, left: opening };
      const state: ItemState = { ...known, start: undefined, moreAtStart: undefined, more: undefined };
      if (altered?.asOf !== undefined) state.more = altered.quantity - (stockAsOf?.get(key) ?? 0);
      if (isFromBeginning) settle(state, opening);
      this.#items.set(key, state);
    };
    for (const { item, opening, stock } of items) begin(nameKey(item), item, opening, stock);
    for (const [key, { item }] of alteration ?? []) if (!this.#items.has(key)) begin(key, item, null, null);
  }

  /** The stock that an order meets, `met` as for {@linkcode pass}; undefined where there is no such item. */
  meet(item: string, met: number | null | undefined): Pair<number | undefined> {
    const state = this.#items.get(nameKey(item));
    const was = met === undefined ? state?.left ?? null : met;
    if (state === undefined) return { was: was ?? undefined, wouldBe: undefined };
    if (state.start === undefined) settle(state, was);
    state.left = was;
    return { was: was ?? undefined, wouldBe: this.#wouldBe(state, was) };
  }

  /** What an order took of what it met, and what it would have taken. */
  take(item: string, { was, wouldBe }: Pair<number>): void {
    const state = this.#items.get(nameKey(item));
    if (state === undefined) return;
    state.more! += was - wouldBe;
    if (state.left !== null) state.left -= was;
  }

  /**
   * An order that is not judged: it met `met` and took `quantity`. `met` is null where there was no such item,
   * undefined where the stock was not looked up.
   */
  pass(item: string, met: number | null | undefined, quantity: number): void {
    const state = this.#items.get(nameKey(item));
    if (state !== undefined && met !== undefined) state.left = met === null ? null : met - quantity;
  }

  /** After the last order. */
  outcomes(): ItemOutcome[] {
    return [...this.#items.values()].map((state) => {
      const { item, opening, now, altered } = state;
      if (state.start === undefined) settle(state, now);
      const { start = null, moreAtStart = 0, more = 0 } = state;
      const pair = (was: number | null, isThere: boolean, units: number) => {
        return { was, wouldBe: isThere && (altered !== undefined || !this.#isAltered) ? (was ?? 0) + units : null };
      };
      const isRemoved = now === null && (opening !== null || altered === undefined);
      return {
        item,
        start: pair(start, start !== null || altered !== undefined, moreAtStart),
        end: pair(now, !isRemoved, more),
      };
    });
  }

  #wouldBe({ altered, opening, more }: ItemState, was: number | null): number | undefined {
    if (!this.#isAltered) return was === null ? undefined : was + more!;
    if (altered === undefined || (was === null && opening !== null)) return undefined;
    return (was ?? 0) + more!;
  }
}

/** Fixes what there was at the start, and what there would have been more. */
function settle(state: ItemState, start: number | null): void {
  const { altered } = state;
  state.start = start;
  state.more ??= altered === undefined ? 0 : altered.quantity - (start ?? 0);
  state.moreAtStart = state.more;
}
