import type { StorageLayout } from "../disk/layout.ts";
import type { WriteLock } from "../disk/locks.ts";
import { OrderLog } from "../log/order_log.ts";
import { ReadRanges } from "../log/read_ranges.ts";
import { type LedgerOptions, StockLedger } from "./stock_ledger.ts";
import { BeingSaved } from "../disk/watched_file.ts";

/** The journals of a storage folder and the stock they add up to; opened, used and closed together. */
export class StorageParts {
  readonly log: OrderLog;
  readonly readRanges: ReadRanges;
  readonly ledger: StockLedger;
  readonly #opened: { close(): void }[] = [];

  /** Opens all or none. Called under the write lock, because others may be writing what is read here. */
  constructor(layout: StorageLayout, options: LedgerOptions) {
    try {
      this.log = this.#keep(new OrderLog(layout));
      this.readRanges = this.#keep(new ReadRanges(layout, options));
      this.ledger = this.#keep(new StockLedger(layout, this, options));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    for (const part of this.#opened.splice(0)) part.close();
  }

  #keep<T extends { close(): void }>(part: T): T {
    this.#opened.push(part);
    return part;
  }
}

/** Runs `work` under the write lock. While somebody is saving a file, waits without the lock and then runs it again. */
export async function holdSettled<T>(lock: Pick<WriteLock, "hold">, work: () => Promise<T>): Promise<T> {
  while (true) {
    try {
      return await lock.hold(work);
    } catch (error) {
      if (!(error instanceof BeingSaved)) throw error;
      await new Promise((resolve) => setTimeout(resolve, error.waitMs));
    }
  }
}
