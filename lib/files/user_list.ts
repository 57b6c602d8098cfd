import { basename } from "node:path";
import { nameKey, type User } from "../order.ts";
import { replaceFile } from "./atomic_file.ts";
import type { StorageLayout } from "./layout.ts";
import type { Positions } from "./positions.ts";
import { parseUsers, unknownStatuses } from "./users_file.ts";
import { type Change, WatchedFile } from "./watched_file.ts";

/** `users.csv` as it stands; people and tools edit it while the system runs. Used under the write lock. */
export class UserList {
  readonly #csv: WatchedFile;
  readonly #positions: Positions;
  readonly #warn: (sentence: string) => void;
  #users = new Map<string, User>();

  constructor(layout: StorageLayout, positions: Positions, warn: (sentence: string) => void) {
    this.#csv = new WatchedFile(layout.users);
    this.#positions = positions;
    this.#warn = warn;
  }

  user(name: string): User | undefined {
    return this.#users.get(nameKey(name));
  }

  /** Reads the file again if it changed; an `Outage` if it is missing or does not parse. */
  refresh(): void {
    const change = this.#csv.changed();
    if (change === undefined) return;
    this.#csv.requireSettled(change, this.#positions);
    this.#users = this.#parse(change).users;
    this.#csv.accept(change.bytes, change.stamp);
    for (const sentence of unknownStatuses(this.#users.values(), this.#csv.path)) this.#warn(sentence);
  }

  #parse(change: Change) {
    return parseUsers(change.bytes, this.#csv.path);
  }
}

/** Replaces `users.csv` by `bytes`, noted as the system's own writing. */
export function writeUsers(layout: StorageLayout, bytes: Uint8Array, positions: Positions, seq: number): void {
  positions.wrote(basename(layout.users), bytes, seq);
  replaceFile(layout.users, bytes);
}
