import { nameKey, type StockItem, type User } from "../../order.ts";
import { parseInventory, type StockRow } from "../csv/inventory_file.ts";
import { parseUsers } from "../csv/users_file.ts";
import { AppendFile } from "../disk/append_file.ts";
import { sizeOf } from "../disk/exists.ts";
import type { StorageLayout } from "../disk/layout.ts";
import { unreadable } from "../disk/watched_file.ts";
import { EditJournal } from "../log/edit_journal.ts";
import type { LoggedOrder } from "../log/logged_line.ts";
import { type StockBase, stockBases } from "../store/stock_math.ts";

/** A larger file that took some time to read is left alone for so many times as long. */
const LARGE_BYTES = 256 << 10;
const REST = 30;

/** A small file that others replace, read again when it has changed. */
class ChangingFile<T> {
  readonly #path: string;
  readonly #read: (path: string) => T;
  #stamp: string | undefined;
  #value: T | undefined;
  #notBefore = 0;
  #isCurrent = false;

  constructor(path: string, read: (path: string) => T) {
    this.#path = path;
    this.#read = read;
  }

  /** Whether the last {@linkcode get} told what it held at that moment. */
  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  /** What it holds; if it is large, what it held a moment ago. */
  get(): T {
    const { stamp, size } = this.#stat();
    this.#isCurrent = this.#value !== undefined && stamp === this.#stamp;
    if (this.#value !== undefined && (this.#isCurrent || performance.now() < this.#notBefore)) return this.#value;
    const start = performance.now();
    this.#value = this.#read(this.#path);
    this.#stamp = stamp;
    this.#isCurrent = true;
    const now = performance.now();
    this.#notBefore = size > LARGE_BYTES ? now + (now - start) * REST : now;
    return this.#value;
  }

  #stat(): { stamp: string; size: number } {
    try {
      const { ino, size, mtime, ctime } = Deno.statSync(this.#path);
      return { stamp: `${ino}/${size}/${mtime?.getTime()}/${ctime?.getTime()}`, size };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return { stamp: "", size: 0 };
      throw error;
    }
  }
}

/** Some users and items, and how many there are. */
export interface WatchedRows {
  items: StockItem[];
  itemCount: number;
  users: User[];
  userCount: number;
}

/**
 * Users, and the stock without the write lock: what `inventory.csv` or a later edit says, and what the latest order of
 * the item has left where one was seen. An item whose later orders were not seen is shown as it was before: while the log
 * is only sampled, that is until the next checkpoint.
 */
export class StockWatch {
  readonly #users: ChangingFile<Map<string, User>>;
  readonly #rows: ChangingFile<Map<string, StockRow>>;
  readonly #edits: ChangingFile<EditJournal>;
  readonly #latest = new Map<string, { seq: number; remaining: number }>();

  constructor(layout: StorageLayout) {
    this.#users = new ChangingFile(layout.users, (path) => parseUsers(bytesOf(path), path).users);
    this.#rows = new ChangingFile(layout.inventory, (path) => parseInventory(bytesOf(path), path).rows);
    this.#edits = new ChangingFile(layout.edits, (path) => {
      const journal = new EditJournal(layout, { file: AppendFile.openCopy(path) });
      try {
        journal.news();
        return journal;
      } finally {
        journal.close();
      }
    });
  }

  /** How many of the numbers up to `seq`, that of an order, are orders; undefined if that is not known right now. */
  ordersUpTo(seq: number): number | undefined {
    const edits = this.#edits.get().numbers.upTo(seq);
    return edits === undefined || !this.#edits.isCurrent ? undefined : seq - edits;
  }

  /** The first rows, as many as `limits` says, after `orders` were seen. */
  rows(orders: readonly LoggedOrder[], seq: number, limits: { items: number; users: number }): WatchedRows {
    const bases = stockBases(this.#rows.get(), this.#edits.get().last, seq);
    const shown = new Map([...bases].slice(0, limits.items));
    for (const key of this.#latest.keys()) if (!shown.has(key)) this.#latest.delete(key);
    for (const { item, seq, remaining } of orders) {
      const key = nameKey(item);
      if (shown.has(key)) this.#latest.set(key, { seq, remaining });
    }
    const users = this.#users.get();
    return {
      items: [...shown].map(([key, base]) => ({ name: base.item, quantity: this.#quantity(key, base) })),
      itemCount: bases.size,
      users: [...users.values().take(limits.users)],
      userCount: users.size,
    };
  }

  #quantity(key: string, base: StockBase): number {
    const latest = this.#latest.get(key);
    return Math.max(0, latest !== undefined && latest.seq > base.seq ? latest.remaining : base.quantity);
  }
}

function bytesOf(path: string): Uint8Array {
  try {
    if (sizeOf(path) === undefined) throw new Deno.errors.NotFound(path);
    return Deno.readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}
