import {
  type Accepted,
  comparePrecedent,
  type Precedent,
  type Rejected,
  type StoreView,
  type Verdict,
} from "../judge_batch.ts";
import { EXIT, Failure } from "../errors.ts";
import type { ReceivedOrder } from "../order.ts";
import type { OrderBatch, OrderStore } from "../ports.ts";
import { IdentityIndex } from "./identity_index.ts";
import { type LoadedSnapshot, readIndexSnapshot, writeIndexSnapshot } from "./index_snapshot.ts";
import { type StorageLayout, storageLayout } from "./layout.ts";
import { type Owner, OwnerLock, readOwner, WriteLock } from "./locks.ts";
import { asReceived, OrderLog } from "./order_log.ts";
import { Positions } from "./positions.ts";
import { recover } from "./recover.ts";
import { RejectedFile } from "./rejected_file.ts";
import { StockLedger } from "./stock_ledger.ts";
import { removeTemps, requireStorage } from "./storage_folder.ts";
import { UserList } from "./user_list.ts";
import { BeingSaved } from "./watched_file.ts";

export interface FileStoreOptions {
  /** Told of things a person should know, one sentence each. */
  warn: (sentence: string) => void;
}

/**
 * The store in files: `orders.jsonl` is the log, the CSV files are what people see and edit (docs/DESIGN.md).
 *
 * It owns its folder from {@linkcode FileStore.open} to {@linkcode close}: a second one is refused (75).
 * Permissions: read and write of the folder.
 */
export class FileStore implements OrderStore {
  readonly #layout: StorageLayout;
  readonly #owner: OwnerLock;
  readonly #lock: WriteLock;
  readonly #log: OrderLog;
  readonly #positions: Positions;
  readonly #ledger: StockLedger;
  readonly #users: UserList;
  readonly #rejected: RejectedFile;
  #index = new IdentityIndex();
  readonly #lastOwner: Owner | undefined;
  /** Sequence number of the last line of the log. */
  #logSeq = 0;

  private constructor(layout: StorageLayout, owner: OwnerLock, options: FileStoreOptions) {
    this.#layout = layout;
    this.#owner = owner;
    this.#lastOwner = readOwner(layout);
    this.#lock = WriteLock.open(layout);
    this.#log = new OrderLog(layout);
    this.#positions = new Positions(layout);
    this.#ledger = new StockLedger(layout, this.#log, this.#positions, options.warn);
    this.#users = new UserList(layout, this.#positions, options.warn);
    this.#rejected = new RejectedFile(layout);
  }

  /**
   * Takes the folder and brings it into order after whatever happened to its last owner.
   *
   * Throws a {@linkcode Failure}: 75 owned by another process, 78 a file is missing, 65 damage, 74 disk error.
   */
  static async open(folder: string, options: FileStoreOptions): Promise<FileStore> {
    const layout = storageLayout(folder);
    requireStorage(layout);
    const owner = await OwnerLock.take(layout);
    try {
      const store = new FileStore(layout, owner, options);
      await store.#locked(() => store.#load());
      return store;
    } catch (error) {
      owner.close();
      throw error;
    }
  }

  /** The member id under which the last owner of the folder read for `group`; it is dead, for its lock was free. */
  lastMemberOf(group: string): string | undefined {
    return this.#lastOwner?.group === group ? this.#lastOwner.memberId : undefined;
  }

  /** Writes down for whom the folder is owned, for those kept out and for the next owner. */
  describeOwner(member: { group: string; memberId: string }): void {
    this.#owner.describe({ pid: Deno.pid, since: new Date().toISOString(), ...member });
  }

  async process(batch: OrderBatch, judge: (view: StoreView) => Verdict[]): Promise<Verdict[]> {
    return await this.#locked(async () => {
      if (!this.#log.file.isOurs()) throw this.#foreignLog();
      this.#positions.refresh();
      await this.#ledger.refresh();
      this.#users.refresh();
      const verdicts = judge(this.#view());
      await this.#commit(batch, verdicts);
      return verdicts;
    });
  }

  resumeAt(topic: string, partition: number): number | undefined {
    return this.#positions.startOf(topic, partition);
  }

  /** Makes reading of a partition go on at `offset`, durably, before the group's offset is moved there. */
  async restartAt(topic: string, partition: number, offset: number): Promise<void> {
    await this.#locked(() => this.#positions.restartAt(topic, partition, offset, this.#ledger.seq));
  }

  async checkpoint(): Promise<void> {
    await this.#locked(async () => {
      this.#positions.refresh();
      await this.#ledger.refresh();
      this.#ledger.checkpoint();
    });
  }

  /** Writes the checkpoint and gives the folder free. */
  async close(): Promise<void> {
    try {
      await this.checkpoint();
      const log = { path: this.#layout.orders, seq: this.#logSeq };
      if (this.#log.file.isOurs()) writeIndexSnapshot(this.#layout.index, this.#index, log);
    } finally {
      for (const part of [this.#log.file, this.#positions, this.#ledger, this.#rejected, this.#lock]) part.close();
      this.#owner.close();
    }
  }

  async #load(): Promise<void> {
    removeTemps(this.#layout);
    const snapshot = this.#usableSnapshot();
    if (snapshot !== undefined) this.#index = snapshot.index;
    // After a clean stop the part of the log that is in the snapshot need not even be looked at.
    if (snapshot?.logUntouched === false) this.#log.requireWhole(snapshot.logLength);
    const parts = { log: this.#log, ledger: this.#ledger, positions: this.#positions };
    const end = await recover(parts, {
      from: snapshot?.logLength ?? 0,
      afterSeq: snapshot?.logSeq ?? 0,
      visit: (order, start) => this.#index.add(order.order_id, start),
    });
    this.#logSeq = end.seq;
    this.#rejected.cutTornLine();
    this.#users.refresh();
  }

  /** The snapshot of the last run, if it is one of this very log. */
  #usableSnapshot(): LoadedSnapshot | undefined {
    const snapshot = readIndexSnapshot(this.#layout.index, this.#layout.orders);
    const fits = snapshot !== undefined && this.#log.hasLineEndingAt(snapshot.logLength, snapshot.logSeq);
    return fits ? snapshot : undefined;
  }

  /** Under the write lock; waits without it while somebody is saving a file. */
  async #locked<T>(work: () => Promise<T>): Promise<T> {
    while (true) {
      try {
        return await this.#lock.hold(work);
      } catch (error) {
        if (!(error instanceof BeingSaved)) throw error;
        await new Promise((resolve) => setTimeout(resolve, error.waitMs));
      }
    }
  }

  #view(): StoreView {
    return {
      user: (name) => this.#users.user(name),
      item: (name) => this.#ledger.item(name),
      precedent: (received) => this.#precedent(received),
    };
  }

  #precedent(received: ReceivedOrder): Precedent {
    const place = this.#index.find(received.order.order_id);
    return place === undefined ? "none" : comparePrecedent(received, asReceived(this.#log.at(place)));
  }

  /** Rule 10: accepted orders and rejections, then the position, each synced; only then memory follows. */
  async #commit(batch: OrderBatch, verdicts: readonly Verdict[]): Promise<void> {
    const accepted = verdicts.filter((verdict) => verdict.kind === "accepted");
    const rejected = verdicts.filter((verdict) => verdict.kind === "rejected");
    const firstSeq = this.#ledger.seq + 1;
    const starts = this.#append(accepted, rejected, firstSeq);
    await Promise.all([
      accepted.length > 0 && this.#log.file.sync(),
      rejected.length > 0 && this.#rejected.file.sync(),
    ]);
    for (const [index, { received, remaining }] of accepted.entries()) {
      this.#index.add(received.order.order_id, starts[index]);
      this.#ledger.accept(received.order.item, remaining, firstSeq + index);
      this.#logSeq = firstSeq + index;
    }
    await this.#positions.read(batch.topic, batch.partition, { from: batch.from, to: batch.to }, this.#ledger.seq);
  }

  /** Appends to both files or, where the disk is full, to neither. */
  #append(accepted: readonly Accepted[], rejected: readonly Rejected[], firstSeq: number): number[] {
    const length = this.#log.file.length;
    const starts = this.#log.append(accepted, firstSeq);
    try {
      this.#rejected.append(rejected);
    } catch (error) {
      this.#log.file.truncate(length);
      throw error;
    }
    return starts;
  }

  #foreignLog(): Failure {
    return new Failure(
      EXIT.data,
      `${this.#layout.orders} was replaced or changed by somebody else; nothing was written. ` +
        `Put it back as it was, then start again`,
    );
  }
}
