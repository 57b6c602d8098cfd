/** The first line of a compacted edit journal: it covers every number up to `seq`. */
export interface CompactedEdits {
  seq: number;
  /** How many of these numbers are orders; the others are edits. */
  orders: number;
  /** The last of them that is an order; 0 if none is. */
  last_order: number;
}

/**
 * Which numbers of the common sequence are edits, so that a line missing from the log is noticed.
 *
 * Of compacted edits only the count is known: up to there a missing line is found by counting the orders in the log,
 * from there on number by number.
 */
export class EditNumbers {
  #compacted: CompactedEdits = { seq: 0, orders: 0, last_order: 0 };
  readonly #later = new Set<number>();

  get compacted(): CompactedEdits {
    return this.#compacted;
  }

  add(seq: number): void {
    if (seq > this.#compacted.seq) this.#later.add(seq);
  }

  compact(compacted: CompactedEdits): void {
    this.#compacted = compacted;
    for (const seq of this.#later) if (seq <= compacted.seq) this.#later.delete(seq);
  }

  /** How many edits have a number up to `seq`; undefined if that is no longer known. */
  upTo(seq: number): number | undefined {
    if (!this.isExactAfter(seq)) return undefined;
    let edits = Math.min(seq, this.#compacted.seq) - this.#compacted.orders;
    for (const later of this.#later) if (later <= seq) edits++;
    return edits;
  }

  /** Whether it is known which numbers above `seq` are edits. */
  isExactAfter(seq: number): boolean {
    return seq >= this.#compacted.last_order;
  }

  /** The number of the next order after number `seq`; the lowest possible one if that is not known exactly. */
  nextOrder(seq: number): number {
    let next = (this.isExactAfter(seq) ? Math.max(seq, this.#compacted.seq) : seq) + 1;
    while (this.#later.has(next)) next++;
    return next;
  }

  /** Whether an order can follow number `seq`; `expected` is its {@linkcode nextOrder}. */
  mayFollow(order: { seq: number; batch: number }, seq: number, expected: number): boolean {
    if (this.isExactAfter(seq)) return order.seq === expected;
    const isInOrder = order.seq >= expected && order.seq <= this.#compacted.last_order;
    // The numbers of one batch follow one another.
    return isInOrder && (order.batch > seq || order.seq === seq + 1);
  }
}
