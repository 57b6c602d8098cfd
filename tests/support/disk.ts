import { join } from "node:path";

/** A call that changes what is on the disk. */
export interface DiskCall {
  kind: "write" | "truncate" | "sync" | "rename" | "remove";
  /** Inode of the file; of the file that is renamed or removed. */
  inode: number | null;
  /** Bytes to be written. */
  bytes?: Uint8Array;
}

/**
 * Runs `work` with `before` told of every call that changes the disk, just before it is made; what `before` throws is
 * thrown instead of the call. Patches `Deno.FsFile` and `Deno`, so only what runs in this process is seen.
 */
export async function watchDisk<T>(before: (call: DiskCall) => void, work: () => Promise<T>): Promise<T> {
  const file = Deno.FsFile.prototype;
  const { writeSync, truncateSync, syncData, syncSync } = file;
  const { renameSync, removeSync } = Deno;
  const inodeOf = (path: string | URL) => Deno.lstatSync(path).ino;
  Object.assign(file, {
    writeSync(this: Deno.FsFile, bytes: Uint8Array) {
      before({ kind: "write", inode: this.statSync().ino, bytes });
      return writeSync.call(this, bytes);
    },
    truncateSync(this: Deno.FsFile, length?: number) {
      before({ kind: "truncate", inode: this.statSync().ino });
      return truncateSync.call(this, length);
    },
    // deno-lint-ignore require-await -- throws as a rejection
    async syncData(this: Deno.FsFile) {
      before({ kind: "sync", inode: this.statSync().ino });
      return syncData.call(this);
    },
    syncSync(this: Deno.FsFile) {
      before({ kind: "sync", inode: this.statSync().ino });
      return syncSync.call(this);
    },
  });
  Object.assign(Deno, {
    renameSync(from: string | URL, to: string | URL) {
      before({ kind: "rename", inode: inodeOf(from) });
      return renameSync(from, to);
    },
    removeSync(path: string | URL, options?: Deno.RemoveOptions) {
      if (!options?.recursive) before({ kind: "remove", inode: inodeOf(path) });
      return removeSync(path, options);
    },
  });
  try {
    return await work();
  } finally {
    Object.assign(file, { writeSync, truncateSync, syncData, syncSync });
    Object.assign(Deno, { renameSync, removeSync });
  }
}

/** The error of a full disk, as Deno words it. */
export function diskFull(): Error {
  return new Error("No space left on device (os error 28)");
}

/** Inode of a file of the folder. */
export function inodeOf(folder: string, name: string): number | null {
  return Deno.statSync(join(folder, name)).ino;
}
