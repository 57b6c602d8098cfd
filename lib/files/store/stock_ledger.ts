import { basename } from "node:path";
import { nameKey } from "../../order.ts";
import { Outage } from "../../errors.ts";
import { replaceFile } from "../disk/atomic_file.ts";
import { handEdits, handEditWarnings, oldCopyWarnings, supersededBy } from "./hand_edits.ts";
import { emptyInventory, requireReached } from "../csv/inventory_file.ts";
import { EditJournal, type StockEdit } from "../log/edit_journal.ts";
import type { JournalOptions } from "../log/journal.ts";
import type { StorageLayout } from "../disk/layout.ts";
import type { OrderLog } from "../log/order_log.ts";
import type { ReadRanges } from "../log/read_ranges.ts";
import { blankEdgedNames, RowWarnings } from "../../row_warnings.ts";
import { deduct, isBehindEdits, lowestSeq, type StockBase, stockBases } from "./stock_math.ts";
import { StockSheet } from "./stock_sheet.ts";
import { BeingSaved, type Change, SETTLE_MS } from "../disk/watched_file.ts";
import { WatchedInventory } from "./watched_inventory.ts";

export interface LedgerOptions extends JournalOptions {
  /** Called with things a person should know, one sentence each. */
  warn: (sentence: string) => void;
}

/**
 * The stock according to order log, edit journal and `inventory.csv` together.
 *
 * Log and journal are authoritative and share one sequence of numbers; the CSV is a checkpoint that people edit. A row
 * counts as of its `as_of`; later edits and orders of its item come on top. Any other difference is a hand edit, and is
 * journalled when first seen. Every method is called under the write lock.
 */
export class StockLedger {
  readonly edits: EditJournal;
  readonly #log: OrderLog;
  readonly #readRanges: ReadRanges;
  readonly #warn: (sentence: string) => void;
  readonly #warnings: RowWarnings;
  readonly #csv: WatchedInventory;
  #stock = new Map<string, StockBase>();
  #version = 0;
  #sheet = new StockSheet(emptyInventory());
  /** The last sequence number used, and that of the last accepted order. */
  #seq = 0;
  #lastOrder = 0;
  /** The `as_of` of every row of the CSV; undefined if rows differ. */
  #checkpointed: number | undefined;
  /** Whether the CSV has rows "as of now", or from before an edit: these need a number before the next order or edit. */
  #mustPin = false;

  constructor(
    layout: StorageLayout,
    { log, readRanges }: { log: OrderLog; readRanges: ReadRanges },
    { warn, ...options }: LedgerOptions,
  ) {
    this.#log = log;
    this.#readRanges = readRanges;
    this.#warn = warn;
    this.#warnings = new RowWarnings(warn);
    this.#csv = new WatchedInventory(layout.inventory);
    this.edits = new EditJournal(layout, options);
    this.edits.news();
  }

  /** The last sequence number used. */
  get seq(): number {
    return this.#seq;
  }

  /** How many sequence numbers the CSV is behind. */
  get lag(): number {
    return this.#seq - (this.#checkpointed ?? 0);
  }

  /** Items by `nameKey`. */
  get stock(): ReadonlyMap<string, StockBase> {
    return this.#stock;
  }

  /** Changes whenever an item is replaced. */
  get version(): number {
    return this.#version;
  }

  /** An item as it stands; its quantity changes with every order that is {@linkcode accept}ed. */
  item(name: string): StockBase | undefined {
    return this.#stock.get(nameKey(name));
  }

  /** The lowest and highest `as_of` of the CSV; 0 and 0 without any. */
  csvAsOf(): { lowest: number; newest: number } {
    return this.#csv.asOf(this.#readRanges);
  }

  /**
   * Reads the CSV for the first time, once the log is known to be intact up to `logSeq`. Where there is none, as for
   * `bootstrap`, the stock is that of log and journal.
   */
  async load(logSeq: number): Promise<void> {
    this.edits.cutTorn();
    await this.edits.sync(); // as in refresh()
    this.#lastOrder = logSeq;
    this.#seq = Math.max(logSeq, this.edits.lastSeq);
    const change = this.#csv.isThere() ? this.#csv.changed() : undefined;
    if (change === undefined) return void (this.#stock = await this.#replayed());
    const own = this.#readRanges.isOwnWriting(basename(this.#csv.path), change.bytes);
    await this.#take(change, own ? undefined : await this.#replayed());
    this.#pin();
  }

  /** Picks up what tools and people changed since: a tool's changes from the journal, a person's from the CSV. */
  async refresh(): Promise<void> {
    const edits = this.edits.news();
    // Their writer may have been killed before the sync, and what counts must be on the disk.
    if (edits.length > 0) await this.edits.sync();
    for (const edit of edits) {
      this.#seq = edit.seq;
      this.#apply(edit);
    }
    // Their writer may have been killed before it wrote them into the CSV.
    this.#mustPin ||= edits.length > 0;
    const change = this.#csv.changed();
    if (change !== undefined) await this.#take(change, this.#stock);
    this.#pin();
  }

  /** Journals `changes`, durably, and applies them. */
  async edit(changes: readonly Omit<StockEdit, "seq" | "batch" | "was">[]): Promise<void> {
    if (changes.length === 0) return;
    const lines = changes.map(({ item, set, by }, index): StockEdit => {
      const was = this.#stock.get(nameKey(item))?.quantity ?? null;
      return { seq: this.#seq + 1 + index, batch: this.#seq + 1, item, set, was, by };
    });
    this.edits.append(lines);
    await this.edits.sync();
    for (const line of lines) {
      this.edits.remember(line);
      this.#seq = line.seq;
      this.#apply(line);
    }
  }

  /** Notes an accepted order whose line is durable; `item` is as {@linkcode item} gave it since the last refresh. */
  accept(item: StockBase, remaining: number, seq: number): void {
    item.quantity = remaining;
    this.#seq = this.#lastOrder = seq;
  }

  /**
   * Writes the stock into `inventory.csv`, every row as of now, and compacts the journals if it is worth it. Every line
   * up to `seq` must be durable.
   *
   * A CSV that somebody changed meanwhile is left alone, and the result is false; the change counts at the next
   * refresh.
   */
  checkpoint(): boolean {
    if (!this.#writeCsv()) return false;
    try {
      this.edits.compact(this.#seq, this.#lastOrder);
      this.#readRanges.compact(this.#seq);
    } catch (error) {
      // On a full disk the old files will do; the next checkpoint tries again.
      if (!(error instanceof Outage)) throw error;
    }
    return true;
  }

  close(): void {
    this.edits.close();
  }

  #writeCsv(): boolean {
    if (this.#checkpointed === this.#seq) {
      this.#mustPin = false;
      return true;
    }
    const bytes = this.#sheet.toBytes(this.#stock, this.#seq);
    this.#readRanges.wrote(basename(this.#csv.path), bytes, this.#seq);
    if (!replaceFile(this.#csv.path, bytes, () => this.#csv.isAsAccepted())) return false;
    this.#csv.accept(bytes);
    this.#checkpointed = this.#seq;
    this.#mustPin = false;
    return true;
  }

  /**
   * Accepts the CSV as it is now. Any difference from `expected` is a hand edit; without it the bytes are known as ours,
   * and nothing in them is as of now: not even the absence of rows, for the first item may have been added since.
   */
  async #take(change: Change, expected: ReadonlyMap<string, StockBase> | undefined): Promise<void> {
    this.#csv.requireSettled(change, this.#readRanges);
    const { document, rows } = this.#csv.parse(change, this.#readRanges);
    requireReached(rows, this.#seq, this.#csv.path);
    const now = expected === undefined ? 0 : this.#seq;
    const actual = await this.#settle(stockBases(rows, this.edits.last, now));
    const edits = expected === undefined ? [] : handEdits(expected, actual);
    const superseded = expected === undefined ? [] : supersededBy(rows, { lastEdits: this.edits.last, actual, now });
    for (const sentence of oldCopyWarnings(superseded, this.#csv.path)) this.#warn(sentence);
    this.#version++;
    this.#stock = new Map(expected ?? actual);
    await this.edit(edits);
    for (const sentence of handEditWarnings(edits, this.#csv.path)) this.#warn(sentence);
    // Only now the change counts as seen: on a full disk it is looked at again.
    this.#stock = actual;
    this.#sheet = new StockSheet(document);
    this.#csv.accept(change.bytes, change.stamp);
    this.#warnings.tell(blankEdgedNames("item", [...rows.values()].map(({ item }) => item), this.#csv.path));
    const asOf = new Set(rows.values().map((row) => row.asOf));
    this.#checkpointed = asOf.size === 1 && actual.size === rows.size ? [...asOf][0] : undefined;
    this.#mustPin ||= edits.length > 0 || asOf.has(undefined) || isBehindEdits(rows, actual);
    // Examined once: the next start treats these bytes as known and need not go through the log again. Not so what has to
    // be replaced: put back later, it says something else.
    if (!this.#mustPin) this.#readRanges.wrote(basename(this.#csv.path), change.bytes, this.#seq);
  }

  /**
   * "As of now" must be on the disk before the next order or edit, or a restart would take it as a later now. So must
   * an edit that its row does not show, or the next save by hand would be taken for one of an older copy.
   */
  #pin(): void {
    if (this.#mustPin && !this.checkpoint()) throw new BeingSaved(SETTLE_MS);
  }

  /** The stock according to log and journal alone. */
  async #replayed(): Promise<Map<string, StockBase>> {
    return await this.#settle(stockBases(new Map(), this.edits.last, 0));
  }

  /** Deducts every logged order from the bases that precede it. */
  async #settle(bases: Map<string, StockBase>): Promise<Map<string, StockBase>> {
    const tail = this.#log.tail(lowestSeq(bases, this.#seq));
    await this.#log.scan(tail, this.edits.numbers, (order) => deduct(bases, order));
    // More was sold than a quantity somebody saved, before it was seen: stock is never negative.
    for (const base of bases.values()) base.quantity = Math.max(0, base.quantity);
    return bases;
  }

  #apply({ item, set, seq }: StockEdit): void {
    const key = nameKey(item);
    this.#sheet.itemsChanged();
    this.#version++;
    if (set === null) this.#stock.delete(key);
    else this.#stock.set(key, { item: this.#stock.get(key)?.item ?? item, quantity: set, seq });
  }
}
