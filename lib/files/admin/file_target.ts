import { join } from "node:path";
import { EXIT, Failure } from "../../errors.ts";
import type { StoreTarget } from "../../move_store.ts";
import type { BeginProgress } from "../../progress.ts";
import type { StoreContents } from "../../store_admin.ts";
import { syncFolder } from "../disk/atomic_file.ts";
import { exists } from "../disk/exists.ts";
import { type StorageLayout, storageLayout } from "../disk/layout.ts";
import { OwnerLock, WriteLock } from "../disk/locks.ts";
import { createFolder } from "../store/storage_folder.ts";
import { fileContents } from "./file_contents.ts";
import { writeContents } from "./write_contents.ts";

/**
 * A storage folder that a store is moved to: built in a folder inside, whose name says whether it is complete.
 *
 * Permissions: read and write of the folder.
 */
export class FileTarget implements StoreTarget {
  readonly place: string;
  readonly #layout: StorageLayout;
  readonly #incoming: string;
  readonly #arrived: string;

  constructor(folder: string) {
    this.place = folder;
    this.#layout = storageLayout(folder);
    this.#incoming = join(folder, ".incoming");
    this.#arrived = join(folder, ".arrived");
  }

  isFree(): Promise<boolean> {
    const { users, inventory, orders, edits, rejected, positions } = this.#layout;
    return Promise.resolve(![users, inventory, orders, edits, rejected, positions].some(exists));
  }

  async put(contents: StoreContents): Promise<void> {
    createFolder(this.place);
    for (const folder of [this.#incoming, this.#arrived]) {
      if (exists(folder)) Deno.removeSync(folder, { recursive: true });
    }
    Deno.mkdirSync(this.#incoming);
    await writeContents(storageLayout(this.#incoming), contents);
  }

  async read<T>(use: (contents: StoreContents) => Promise<T>, begin: BeginProgress): Promise<T> {
    return await use((await fileContents(this.#incoming, { warn: () => {}, begin })).contents);
  }

  complete(): Promise<void> {
    return Promise.try(() => {
      Deno.renameSync(this.#incoming, this.#arrived);
      syncFolder(this.#arrived);
    });
  }

  isComplete(): Promise<boolean> {
    return Promise.resolve(exists(this.#arrived));
  }

  /** `inventory.csv` comes last: until it exists nobody uses the folder. */
  async takePlace(): Promise<void> {
    const owner = await OwnerLock.take(this.#layout);
    const lock = WriteLock.open(this.#layout);
    try {
      await lock.hold(() => Promise.try(() => this.#moveIn()));
    } finally {
      lock.close();
      owner.close();
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #moveIn(): void {
    const names = [...Deno.readDirSync(this.#arrived)].map(({ name }) => name).filter((name) => !name.startsWith("."));
    for (const name of names.sort((a, b) => Number(a === "inventory.csv") - Number(b === "inventory.csv"))) {
      const path = join(this.place, name);
      if (exists(path)) throw new Failure(EXIT.data, `${path} is in the way: move it elsewhere, and run it again`);
      Deno.renameSync(join(this.#arrived, name), path);
    }
    syncFolder(this.#layout.inventory);
    Deno.removeSync(this.#arrived, { recursive: true });
  }
}
