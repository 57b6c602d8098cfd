/** The first line of a compacted edit journal: it speaks for every number up to `seq`. */
export interface CompactedEdits {
  seq: number;
  /** Of these numbers, how many are orders; the others are edits. */
  orders: number;
  /** The last of them that is an order; 0 where none is. */
  last_order: number;
}

/**
 * Which numbers of the common sequence are edits, so that a line which the log has lost is noticed.
 *
 * Those that were compacted are only counted: up to the last order before them a hole is told from edits by counting
 * the orders of the log, from there on number by number.
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

  /** How many edits have a number up to `seq`; undefined where that is not known any more. */
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

  /** The number of the order that comes after number `seq`; the lowest that it can have, where that is not exact. */
  nextOrder(seq: number): number {
    let next = (this.isExactAfter(seq) ? Math.max(seq, this.#compacted.seq) : seq) + 1;
    while (this.#later.has(next)) next++;
    return next;
  }

  /** Whether an order can be the next one after number `seq`; `expected` is its {@linkcode nextOrder}. */
  mayFollow(order: { seq: number; batch: number }, seq: number, expected: number): boolean {
    if (this.isExactAfter(seq)) return order.seq === expected;
    const isInOrder = order.seq >= expected && order.seq <= this.#compacted.last_order;
    // The numbers of one batch follow one another.
    return isInOrder && (order.batch > seq || order.seq === seq + 1);
  }
}
