import { Outage } from "../../errors.ts";
import type { StoreView } from "../../judge_batch.ts";
import type { ReceivedOrder } from "../../order.ts";
import type { OrderColumns } from "../../order_columns.ts";
import type { OrderBatch, OrderStore, PartitionRange, TopicPartition } from "../../ports.ts";
import type { Verdicts } from "../../verdicts.ts";
import { IdentityIndex } from "../index/identity_index.ts";
import { writeIndexSnapshot } from "../index/index_snapshot.ts";
import { type StorageLayout, storageLayout } from "../disk/layout.ts";
import { type Owner, OwnerLock, readOwner, WriteLock } from "../disk/locks.ts";
import type { LoggedLine } from "../log/logged_line.ts";
import { asReceived, WHOLE_LOG } from "../log/order_log.ts";
import type { LongRead } from "../log/lines.ts";
import { FileOffsets } from "./file_offsets.ts";
import { recover, usableSnapshot } from "./recover.ts";
import { RejectedFile } from "../log/rejected_file.ts";
import { removeTemps, requireStorage } from "./storage_folder.ts";
import { holdSettled, StorageParts } from "./storage_parts.ts";
import type { LedgerOptions } from "./stock_ledger.ts";
import type { StockBase } from "./stock_math.ts";
import { UserList } from "./user_list.ts";

/** The most orders a tool should have to read because the CSV lacks them; they take about 50 ms. */
const MAX_LAG = 20_000;

export interface FileStoreOptions extends LedgerOptions, LongRead {}

/**
 * The store in files: `orders.jsonl` is the log, the CSV files are what people see and edit (docs/DESIGN.md).
 *
 * It owns its folder from {@linkcode FileStore.open} to {@linkcode close}: opening a second one fails (75).
 * Permissions: read and write of the folder.
 */
export class FileStore implements OrderStore {
  readonly #layout: StorageLayout;
  readonly #owner: OwnerLock;
  readonly #lastOwner: Owner | undefined;
  readonly #lock: WriteLock;
  readonly #parts: StorageParts;
  readonly #users: UserList;
  readonly #rejected: RejectedFile;
  #index = new IdentityIndex();
  /** Sequence number of the last line of the log. */
  #logSeq = 0;
  /**
   * Whether a call failed for good, so that the files may hold lines that memory does not know: the next start reads
   * them.
   */
  #inDoubt = false;

  private constructor(
    layout: StorageLayout,
    locks: { owner: OwnerLock; write: WriteLock },
    parts: StorageParts,
    options: FileStoreOptions,
  ) {
    this.#layout = layout;
    this.#owner = locks.owner;
    this.#lastOwner = readOwner(layout);
    this.#lock = locks.write;
    this.#parts = parts;
    this.#users = new UserList(layout, parts.readRanges, options.warn);
    this.#rejected = new RejectedFile(layout);
  }

  /**
   * Takes the folder and repairs whatever its last owner left.
   *
   * Throws a {@linkcode Failure}: 75 owned by another process, 78 a file is missing, 65 damage, 74 disk error.
   */
  static async open(folder: string, options: FileStoreOptions): Promise<FileStore> {
    const layout = storageLayout(folder);
    requireStorage(layout);
    const owner = await OwnerLock.take(layout);
    const write = WriteLock.open(layout);
    try {
      return await holdSettled(write, () => FileStore.#load(layout, { owner, write }, options));
    } catch (error) {
      write.close();
      owner.close();
      throw error;
    }
  }

  /** Under the write lock. */
  static async #load(
    layout: StorageLayout,
    locks: { owner: OwnerLock; write: WriteLock },
    options: FileStoreOptions,
  ): Promise<FileStore> {
    removeTemps(layout);
    const parts = new StorageParts(layout, options);
    let store: FileStore | undefined;
    try {
      store = new FileStore(layout, locks, parts, options);
      await store.#recover(options);
      return store;
    } catch (error) {
      if (store !== undefined) store.#rejected.close();
      parts.close();
      throw error;
    }
  }

  /** The last owner's member id in `group`; that member is dead, because its lock was free. */
  lastMemberOf(group: string): string | undefined {
    return this.#lastOwner?.group === group ? this.#lastOwner.memberId : undefined;
  }

  /** Records the owner's group and member id, for those kept out and for the next owner. */
  describeOwner(member: { group: string; memberId: string }): void {
    this.#owner.describe({ pid: Deno.pid, since: new Date().toISOString(), ...member });
  }

  async process(batch: OrderBatch, judge: (view: StoreView) => Verdicts): Promise<Verdicts> {
    return await this.#locked(async () => {
      this.#parts.log.requireOurs();
      this.#parts.readRanges.refresh();
      await this.#parts.ledger.refresh();
      this.#users.refresh();
      this.#index.lookUp(batch.orders);
      const verdicts = judge(this.#view(batch.orders));
      await this.#commit(batch, verdicts);
      this.#shortenWaiting();
      return verdicts;
    });
  }

  resumeAt({ topic, partition }: TopicPartition): Promise<number | undefined> {
    return Promise.resolve(this.#parts.readRanges.startOf(topic, partition));
  }

  get offsets(): FileOffsets {
    const { readRanges, ledger } = this.#parts;
    return new FileOffsets(this.#layout, {
      asOwner: (work) => work(this.#lastOwner),
      partitions: () => Promise.resolve(readRanges.partitions()),
      restartAt: (topic, starts) => this.#locked(() => readRanges.restartAt(topic, starts, ledger.seq)),
    });
  }

  async checkpoint(): Promise<void> {
    await this.#locked(async () => {
      this.#parts.readRanges.refresh();
      await this.#parts.ledger.refresh();
      this.#parts.ledger.checkpoint();
    });
  }

  /** Writes checkpoint and index, unless an earlier call failed for good, and releases the folder. */
  async close(): Promise<void> {
    try {
      if (this.#inDoubt) return;
      await this.checkpoint();
      // Under the lock, because a tool removes temporary files as leftovers of a crash.
      await this.#lock.hold(() => Promise.resolve(this.#writeSnapshot()));
    } finally {
      for (const part of [this.#parts, this.#rejected, this.#lock, this.#owner]) part.close();
    }
  }

  /** Under the write lock. */
  async #locked<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await holdSettled(this.#lock, work);
    } catch (error) {
      this.#inDoubt ||= !(error instanceof Outage);
      throw error;
    }
  }

  async #recover({ stop, progress }: LongRead): Promise<void> {
    const snapshot = usableSnapshot(this.#layout, this.#parts);
    if (snapshot !== undefined) this.#index = snapshot.index;
    // After a clean stop the part of the log that the snapshot covers need not even be read.
    if (snapshot?.logUntouched === false) await this.#parts.log.requireWhole(snapshot.logLength, { stop, progress });
    const part = snapshot === undefined
      ? WHOLE_LOG
      : { from: snapshot.logLength, afterSeq: snapshot.logSeq, orders: snapshot.index.size };
    const visit = ({ idBytes }: LoggedLine, start: number) => this.#index.note(idBytes, start);
    const end = await recover(this.#parts, { reading: { ...part, visit }, stop, progress });
    this.#index.settle();
    this.#logSeq = end.seq;
    this.#rejected.cutTornLine();
    this.#users.refresh();
  }

  #writeSnapshot(): void {
    const { log } = this.#parts;
    if (!log.file.isOurs()) return;
    const about = { path: this.#layout.orders, seq: this.#logSeq, end: log.endingAt(log.file.length) };
    writeIndexSnapshot(this.#layout.index, this.#index, about);
  }

  #view(orders: OrderColumns): StoreView {
    return {
      version: this.#users.version + this.#parts.ledger.version, // each only grows
      user: (name) => this.#users.user(name),
      item: (name) => this.#parts.ledger.item(name),
      accepted: (row) => this.#acceptedAs(orders, row),
      hashKey: this.#index.key,
    };
  }

  #acceptedAs(orders: OrderColumns, row: number): ReceivedOrder | undefined {
    const place = this.#index.placeOf(row);
    return place === undefined ? undefined : asReceived(this.#parts.log.at(place, orders.orderId(row)));
  }

  /** Accepted and rejected lines are synced, then memory follows, then the offset range (DESIGN, invariant 2). */
  async #commit(batch: PartitionRange, verdicts: Verdicts): Promise<void> {
    const { accepted, rejected, items } = verdicts;
    const { ledger, log, readRanges } = this.#parts;
    const starts = this.#append(verdicts, ledger.seq + 1);
    await Promise.all([accepted > 0 && log.file.sync(), rejected > 0 && this.#rejected.file.sync()]);
    let done = 0;
    for (let row = 0; row < verdicts.length; row++) {
      if (!verdicts.isAccepted(row)) continue;
      this.#index.addRow(row, starts[done++]);
      ledger.accept(items[row] as StockBase, verdicts.remaining(row), ledger.seq + 1);
    }
    if (accepted > 0) this.#logSeq = ledger.seq;
    const { topic, partition, from, to } = batch;
    await readRanges.read(topic, partition, { from, to }, ledger.seq);
  }

  /** Whoever waits for the lock will read what the CSV lacks while nobody else can go on, so that must not be much. */
  #shortenWaiting(): void {
    if (this.#parts.ledger.lag <= MAX_LAG || !this.#lock.isAwaited()) return;
    try {
      this.#parts.ledger.checkpoint();
    } catch (error) {
      if (!(error instanceof Outage)) throw error; // on a full disk they have more to read
    }
  }

  /** Appends to both files or, if the disk is full, to neither; where each accepted order's line starts. */
  #append(verdicts: Verdicts, firstSeq: number): number[] {
    const { log } = this.#parts;
    const { length } = log.file;
    const starts = verdicts.accepted > 0 ? log.append(verdicts, firstSeq) : [];
    try {
      if (verdicts.rejected > 0) this.#rejected.append(verdicts.allRejected());
    } catch (error) {
      log.file.truncate(length);
      throw error;
    }
    return starts;
  }
}
