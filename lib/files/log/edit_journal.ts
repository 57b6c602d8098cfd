import { nameKey } from "../../order.ts";
import type { AppendFile } from "../disk/append_file.ts";
import { type CompactedEdits, EditNumbers } from "./edit_numbers.ts";
import { Journal, type JournalOptions } from "./journal.ts";
import type { StorageLayout } from "../disk/layout.ts";

/** A change of stock that is not an order. */
export interface StockEdit {
  /** Number in the common sequence of accepted orders and stock edits. */
  seq: number;
  /** `seq` of the first of the edits that were journalled together. */
  batch: number;
  item: string;
  /** The quantity from here on; null if the item was removed. */
  set: number | null;
  /** The quantity before; null if there was no such item. */
  was: number | null;
  by: "tool" | "hand" | "bootstrap";
}

/** An edit that may also stand for the earlier ones of its item. */
export interface LastEdit extends StockEdit {
  /** The quantity the item was created with, and the sum of its edits since. */
  opening?: number;
  edits?: number;
}

/** A line of `stock_edits.jsonl`. */
export type EditRecord = CompactedEdits | LastEdit;

/**
 * `stock_edits.jsonl`: every change of stock that is not an order. Used under the write lock.
 *
 * Once it has many more lines than items it is compacted: each item's last edit is kept and carries the sum of those
 * before it, and the first line says which numbers these had. So its size is bounded by the items, and `verify` can
 * still add up.
 */
export class EditJournal {
  readonly numbers = new EditNumbers();
  /** The last edit of each item, by `nameKey`. */
  readonly #last = new Map<string, Required<LastEdit>>();
  readonly #journal: Journal<EditRecord>;
  #lastSeq = 0;

  constructor(layout: StorageLayout, options: JournalOptions & { file?: AppendFile }) {
    this.#journal = new Journal(layout.edits, options);
  }

  /** The last number in the journal; 0 if it is empty. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  get last(): ReadonlyMap<string, StockEdit> {
    return this.#last;
  }

  /** Picks up what other processes wrote: the edits not known yet, at least the last one of each item. */
  news(): StockEdit[] {
    const before = this.#lastSeq;
    this.#journal.reopenIfCompacted();
    const edits: StockEdit[] = [];
    this.#journal.news((record) => {
      this.remember(record);
      if (isEdit(record) && record.seq > before) edits.push(record);
    });
    return edits;
  }

  cutTorn(): void {
    this.#journal.cutTorn();
  }

  /** Appends; the edits count once they are synced and {@linkcode remember}ed. */
  append(edits: readonly StockEdit[]): void {
    this.#journal.append(edits);
  }

  async sync(): Promise<void> {
    await this.#journal.sync();
  }

  remember(record: EditRecord): void {
    this.#lastSeq = Math.max(this.#lastSeq, record.seq);
    if (!isEdit(record)) return this.numbers.compact(record);
    this.numbers.add(record.seq);
    const key = nameKey(record.item);
    this.#last.set(key, { ...record, ...sums(record, this.#last.get(key)) });
  }

  /**
   * Compacts the file if it is worth it. The CSV is durably current to `seq`: neither log nor journal lacks a number up
   * to it. `lastOrder` is the last of these numbers that is an order.
   */
  compact(seq: number, lastOrder: number): void {
    if (!this.#journal.isWorthCompacting(this.#last.size + 1)) return;
    const compacted = { seq, orders: seq - this.numbers.upTo(seq)!, last_order: lastOrder };
    const last = [...this.#last.values()].sort((a, b) => a.seq - b.seq);
    this.#journal.compact([compacted, ...last.map((edit) => ({ ...edit, batch: edit.seq }))]);
    this.numbers.compact(compacted);
  }

  close(): void {
    this.#journal.close();
  }
}

export function isEdit(record: EditRecord): record is LastEdit {
  return "item" in record;
}

/** The quantity the item was created with and the sum of its edits, `edit` included. */
function sums(edit: LastEdit, before: Required<LastEdit> | undefined): { opening: number; edits: number } {
  if (edit.opening !== undefined && edit.edits !== undefined) return { opening: edit.opening, edits: edit.edits };
  if (before === undefined) return { opening: edit.set ?? 0, edits: 0 };
  return { opening: before.opening, edits: before.edits + (edit.set ?? 0) - (edit.was ?? 0) };
}
