import { basename } from "node:path";
import { oddUsers } from "../../odd_users.ts";
import { nameKey, type User } from "../../order.ts";
import { replaceFile, syncFolder } from "../disk/atomic_file.ts";
import type { CsvDocument } from "../csv/csv_document.ts";
import type { StorageLayout } from "../disk/layout.ts";
import type { ReadRanges } from "../log/read_ranges.ts";
import { RowWarnings } from "../../row_warnings.ts";
import { emptyUsers, parseUsers } from "../csv/users_file.ts";
import { BeingSaved, type Change, sameBytes, SETTLE_MS, WatchedFile } from "../disk/watched_file.ts";

/** The current `users.csv`; people and tools edit it while the system runs. Used under the write lock. */
export class UserList {
  readonly #csv: WatchedFile;
  readonly #readRanges: ReadRanges;
  readonly #warnings: RowWarnings;
  #users = new Map<string, User>();
  #version = 0;

  constructor(layout: StorageLayout, readRanges: ReadRanges, warn: (sentence: string) => void) {
    this.#csv = new WatchedFile(layout.users);
    this.#readRanges = readRanges;
    this.#warnings = new RowWarnings(warn);
  }

  /** Changes whenever a user is replaced. */
  get version(): number {
    return this.#version;
  }

  user(name: string): User | undefined {
    return this.#users.get(nameKey(name));
  }

  /** Reads the file again if it changed; an `Outage` if it is missing or does not parse. */
  refresh(): void {
    const change = this.#csv.changed();
    if (change === undefined) return;
    this.#csv.requireSettled(change, this.#readRanges);
    this.#users = this.#parse(change).users;
    this.#version++;
    this.#csv.accept(change.bytes, change.stamp);
    this.#warnings.tell(oddUsers([...this.#users.values()], this.#csv.path));
  }

  #parse(change: Change) {
    return parseUsers(change.bytes, this.#csv.path);
  }
}

/** `users.csv` during a tool's edit. Used under the write lock. */
export class UsersEdit {
  readonly document: CsvDocument;
  readonly #csv: WatchedFile;
  readonly #readRanges: ReadRanges;
  readonly #before: Uint8Array | undefined;

  /** Throws `BeingSaved` while somebody is saving the file; a missing file is started empty. */
  constructor(layout: StorageLayout, readRanges: ReadRanges) {
    this.#csv = new WatchedFile(layout.users);
    this.#readRanges = readRanges;
    const change = this.#csv.isThere() ? this.#csv.changed() : undefined;
    if (change === undefined) {
      this.document = emptyUsers();
      return;
    }
    this.#csv.requireSettled(change, readRanges);
    this.document = parseUsers(change.bytes, layout.users).document;
    this.#csv.accept(change.bytes, change.stamp);
    this.#before = change.bytes;
  }

  /**
   * Writes the file if it was edited; throws `BeingSaved` if somebody else changed it meanwhile, and the edit has to
   * run again.
   */
  write(seq: number): void {
    const bytes = this.document.toBytes();
    // Nothing to write, but success is reported: whoever wrote the file may have died before syncing the folder.
    if (this.#before !== undefined && sameBytes(this.#before, bytes)) return syncFolder(this.#csv.path);
    this.#readRanges.wrote(basename(this.#csv.path), bytes, seq);
    if (!replaceFile(this.#csv.path, bytes, () => this.#csv.isAsAccepted())) throw new BeingSaved(SETTLE_MS);
  }
}
