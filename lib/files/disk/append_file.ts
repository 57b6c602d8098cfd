import { EXIT, Failure, messageOf } from "../../errors.ts";
import { syncFolder, writeAll } from "./atomic_file.ts";
import { MemoryFile, type OpenFile } from "./memory_file.ts";
import { diskFailure, writeDenied } from "./disk_failure.ts";

/**
 * A file that is only appended to, by one process at a time (under the write lock).
 *
 * After {@linkcode append} the bytes are in the file, after {@linkcode sync} they are on the disk. Permissions: read,
 * write.
 */
export class AppendFile {
  readonly path: string;
  readonly #file: OpenFile;
  readonly #inode: number | null;
  #length: number;
  #broken = false;

  private constructor(path: string, file: OpenFile) {
    this.path = path;
    this.#file = file;
    const stat = file.statSync();
    this.#inode = stat.ino;
    this.#length = stat.size;
  }

  /** Opens `path`, creating it durably if it is missing. The caller closes. */
  static open(path: string): AppendFile {
    try {
      return new AppendFile(path, Deno.openSync(path, { read: true, write: true }));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw writeDenied(path, error);
    }
    const file = create(path);
    try {
      file.syncSync();
      syncFolder(path);
    } catch (error) {
      file.close();
      throw diskFailure(`Cannot create ${path}`, error);
    }
    return new AppendFile(path, file);
  }

  /** Opens a `path` that exists, for {@linkcode read} alone. Permission: read. The caller closes. */
  static openToRead(path: string): AppendFile {
    return new AppendFile(path, Deno.openSync(path, { read: true }));
  }

  /** The contents of `path`, empty if it is missing, with changes kept in memory only. Permission: read. */
  static openCopy(path: string): AppendFile {
    return new AppendFile(
      path,
      new MemoryFile(statOrUndefined(path) !== undefined ? Deno.readFileSync(path) : new Uint8Array(0)),
    );
  }

  /** Length in bytes as this process knows it. */
  get length(): number {
    return this.#length;
  }

  /** Whether the path still leads to this file, with the length this process left. */
  isOurs(): boolean {
    const stat = statOrUndefined(this.path);
    return stat !== undefined && stat.ino === this.#inode && stat.size === this.#length;
  }

  /** Whether the path leads to another file now. Throws a {@linkcode Failure} (65) if there is none. */
  isReplaced(): boolean {
    const stat = statOrUndefined(this.path);
    if (stat !== undefined) return this.#inode !== null && stat.ino !== this.#inode; // a copy in memory stays as it is
    throw new Failure(EXIT.data, `${this.path} was removed; nothing was written. Put it back, then start again`);
  }

  /** Picks up what other processes appended; returns the length before. */
  grow(): number {
    const before = this.#length;
    this.#length = this.#file.statSync().size;
    return before;
  }

  /** Bytes `[from, to)` of the file, at the beginning of `into` if given. */
  read(from: number, to: number, into: Uint8Array = new Uint8Array(to - from)): Uint8Array {
    const bytes = into.subarray(0, to - from);
    this.#file.seekSync(from, Deno.SeekMode.Start);
    for (let done = 0; done < bytes.length;) {
      const count = this.#file.readSync(bytes.subarray(done));
      if (count === null) throw new Failure(EXIT.data, `${this.path} ends at byte ${from + done}, expected ${to}`);
      done += count;
    }
    return bytes;
  }

  /**
   * Appends all of `bytes` or nothing: if the disk takes only some, the file is cut back.
   *
   * Throws an {@linkcode Outage} if the disk is full, a {@linkcode Failure} (74) on any other error.
   */
  append(bytes: Uint8Array): void {
    try {
      this.#writeAt(this.#length, bytes);
      this.#length += bytes.length;
    } catch (error) {
      this.#file.truncateSync(this.#length);
      throw diskFailure(`Cannot append to ${this.path}`, error);
    }
  }

  /**
   * Waits until everything appended is on the disk (fdatasync).
   *
   * A failed sync is final: the kernel has dropped the pages, so a retry would report success for lost bytes (the
   * "fsyncgate" of PostgreSQL, 2018). Throws a {@linkcode Failure} (74), and again on every later call.
   */
  async sync(): Promise<void> {
    if (this.#broken) throw new Failure(EXIT.io, `Cannot write ${this.path}: an earlier fsync failed`);
    try {
      await this.#file.syncData();
    } catch (error) {
      this.#broken = true;
      throw new Failure(EXIT.io, `Cannot sync ${this.path}: ${messageOf(error)}; nothing was committed`, {
        cause: error,
      });
    }
  }

  /** Writes the bytes from `from` on again and syncs: after a failed fsync the page cache proves nothing. */
  async rewriteFrom(from: number): Promise<void> {
    const step = 4 << 20;
    for (let at = from; at < this.#length; at += step) {
      const bytes = this.read(at, Math.min(at + step, this.#length));
      try {
        this.#writeAt(at, bytes);
      } catch (error) {
        throw diskFailure(`Cannot write ${this.path} again`, error); // a file system that copies on write may be full
      }
    }
    await this.sync();
  }

  /** Cuts the file to `length` bytes; durable after {@linkcode sync}. */
  truncate(length: number): void {
    this.#file.truncateSync(length);
    this.#length = length;
  }

  close(): void {
    this.#file.close();
  }

  #writeAt(position: number, bytes: Uint8Array): void {
    this.#file.seekSync(position, Deno.SeekMode.Start);
    writeAll(this.#file, bytes);
  }
}

function create(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { read: true, write: true, create: true });
  } catch (error) {
    throw writeDenied(path, error);
  }
}

function statOrUndefined(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
