import type { StockItem } from "../../../lib/order.ts";
import type { StockBar } from "../snapshot.ts";

/** What the pace of an item is worked out from, in milliseconds. */
const PACE_MS = 60_000;

/** Follows the stock of the shown items: how full they have been, and when they will be empty. */
export class StockBars {
  #items = new Map<string, { peak: number; history: { at: number; quantity: number }[] }>();

  bars(at: number, items: readonly StockItem[]): StockBar[] {
    const before = this.#items;
    this.#items = new Map(); // what is not shown any more is forgotten
    return items.map(({ name, quantity }) => {
      const { peak, history } = before.get(name) ?? { peak: 0, history: [] };
      while (history.length > 1 && history[1].at <= at - PACE_MS) history.shift();
      // A restock: the pace before it says nothing about what is left now.
      if (quantity > (history.at(-1)?.quantity ?? quantity)) history.length = 0;
      history.push({ at, quantity });
      const item = { peak: Math.max(peak, quantity), history };
      this.#items.set(name, item);
      return { item: name, quantity, peak: item.peak, emptyInSeconds: emptyIn(history) };
    });
  }
}

function emptyIn(history: readonly { at: number; quantity: number }[]): number | null {
  const [first, last] = [history[0], history[history.length - 1]];
  const sold = first.quantity - last.quantity;
  if (sold <= 0 || last.quantity === 0) return null;
  return Math.round(last.quantity / sold * (last.at - first.at) / 1_000);
}
