import { Buffer } from "node:buffer";
import { EXIT, Failure } from "../../errors.ts";
import type { StoreSource } from "../../move_store.ts";
import type { BeginProgress } from "../../progress.ts";
import type { StoreContents } from "../../store_admin.ts";
import { exists, sizeOf } from "../disk/exists.ts";
import { type StorageLayout, storageLayout } from "../disk/layout.ts";
import { OwnerLock, WriteLock } from "../disk/locks.ts";
import type { StorageSnapshot } from "../read/audit.ts";
import { moveFiles } from "../store/set_aside.ts";
import { viewStorage } from "../store/view_storage.ts";
import { fileContents } from "./file_contents.ts";

/**
 * A storage folder that is moved away. It is owned from {@linkcode read} to {@linkcode close}, so no consumer can start;
 * tools can edit it, but then it is not set aside. `inventory.csv` goes first: without it nobody uses the folder.
 *
 * Permissions: read and write of the folder.
 */
export class FileSource implements StoreSource {
  readonly place: string;
  readonly #layout: StorageLayout;
  readonly #warn: (sentence: string) => void;
  #owner: OwnerLock | undefined;
  #asRead: { csv: Buffer[]; snapshot: StorageSnapshot } | undefined;

  constructor(folder: string, warn: (sentence: string) => void) {
    this.place = folder;
    this.#layout = storageLayout(folder);
    this.#warn = warn;
  }

  async read<T>(use: (contents: StoreContents) => Promise<T>, begin: BeginProgress): Promise<T | undefined> {
    if (!exists(this.#layout.inventory)) return undefined;
    this.#owner = await OwnerLock.take(this.#layout);
    await viewStorage(this.place, this.#warn); // brings the CSV up to date: from here on only an edit changes it
    const csv = this.#csv();
    const { contents, snapshot } = await fileContents(this.place, { warn: this.#warn, begin });
    this.#asRead = { csv, snapshot };
    return await use(contents);
  }

  async setAside(): Promise<string> {
    const lock = WriteLock.open(this.#layout);
    try {
      return await lock.hold(() => {
        this.#requireAsRead();
        if (exists(this.#layout.index)) Deno.removeSync(this.#layout.index); // belongs to the log that is moved away
        return Promise.resolve(moveFiles(this.place, { first: "inventory.csv" })!);
      });
    } finally {
      lock.close();
    }
  }

  clearAway(): Promise<void> {
    return Promise.try(() => exists(this.place) ? void moveFiles(this.place) : undefined);
  }

  close(): Promise<void> {
    this.#owner?.close();
    return Promise.resolve();
  }

  #requireAsRead(): void {
    const { orders, edits, rejected } = this.#layout;
    const { csv, snapshot: { lengths } } = this.#asRead!;
    const isSame = this.#csv().every((bytes, index) => bytes.equals(csv[index])) &&
      lengths.orders === (sizeOf(orders) ?? 0) && lengths.edits === (sizeOf(edits) ?? 0) &&
      lengths.rejected === (sizeOf(rejected) ?? 0);
    if (isSame) return;
    throw new Failure(EXIT.busy, `${this.place} was edited meanwhile; nothing was changed: run it again`);
  }

  #csv(): Buffer[] {
    return [this.#layout.users, this.#layout.inventory].map((path) => Buffer.from(Deno.readFileSync(path)));
  }
}
