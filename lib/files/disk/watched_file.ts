import { Buffer } from "node:buffer";
import { basename } from "node:path";
import { EXIT, Outage } from "../../errors.ts";

/**
 * A person's change counts only once the file has been unchanged for this many milliseconds, so that no half-saved file
 * is read.
 */
export const SETTLE_MS = 200;

/** No file has this stamp. */
const UNKNOWN = "unknown";

/** Thrown while somebody is saving a file; look again after `waitMs`. */
export class BeingSaved extends Error {
  constructor(readonly waitMs: number) {
    super("A file is being saved");
  }
}

/** Tells which bytes of a file are the system's own. */
export interface OwnWritings {
  isOwnWriting(file: string, bytes: Uint8Array): boolean;
}

/** A file that has changed since it was last accepted. */
export interface Change {
  bytes: Uint8Array;
  /** The result of `stat` when the bytes were read. */
  stamp: string;
  /** Time since the last modification, in milliseconds. */
  age: number;
}

/** A CSV file that people edit while the system runs. Permission: read. */
export class WatchedFile {
  readonly path: string;
  /** The stamp of `#bytes`; "" if there are none, {@linkcode UNKNOWN} if the file has to be compared with them. */
  #seen = "";
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(path: string) {
    this.path = path;
  }

  isThere(): boolean {
    try {
      Deno.statSync(this.path);
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  /** The bytes if they changed since the last {@linkcode accept}, else undefined; an `Outage` (78) if it is missing. */
  changed(): Change | undefined {
    const { stamp, age } = this.#stat();
    if (stamp === this.#seen) return undefined;
    const bytes = this.#readBytes();
    if (this.#seen !== "" && sameBytes(bytes, this.#bytes)) {
      this.#seen = stamp;
      return undefined;
    }
    return { bytes, stamp, age };
  }

  /**
   * Accepts `bytes` as known, read at `stamp`. Without it they were written just now: a person may have saved the file
   * since, whose stamp must not be taken for theirs, so the next look compares the bytes.
   */
  accept(bytes: Uint8Array, stamp: string = UNKNOWN): void {
    this.#bytes = bytes;
    this.#seen = stamp;
  }

  /** Whether the file is still as accepted; if none was, whether it is still missing. */
  isAsAccepted(): boolean {
    return this.#seen === "" ? !this.isThere() : this.changed() === undefined;
  }

  /** Waits out a half-saved file: throws {@linkcode BeingSaved} unless the bytes are the system's own or old enough. */
  requireSettled(change: Change, writings: OwnWritings): void {
    // A clock that was set back gives a file a negative age; that is no reason to wait forever.
    if (change.age < 0 || change.age >= SETTLE_MS) return;
    if (!writings.isOwnWriting(basename(this.path), change.bytes)) throw new BeingSaved(SETTLE_MS - change.age);
  }

  #stat(): { stamp: string; age: number } {
    try {
      const { ino, size, mtime, ctime } = Deno.statSync(this.path);
      const age = Date.now() - (mtime?.getTime() ?? 0);
      return { stamp: `${ino}/${size}/${mtime?.getTime()}/${ctime?.getTime()}`, age };
    } catch (error) {
      throw unreadable(this.path, error);
    }
  }

  #readBytes(): Uint8Array {
    try {
      return Deno.readFileSync(this.path);
    } catch (error) {
      throw unreadable(this.path, error);
    }
  }
}

/** The `Outage` (78) for a file that is missing, is a folder or may not be read; any other error unchanged. */
export function unreadable(path: string, error: unknown): unknown {
  if (error instanceof Deno.errors.NotFound) {
    return new Outage(EXIT.config, `${path} is missing: run deno task bootstrap, or put it back`, { cause: error });
  }
  const { PermissionDenied, IsADirectory, NotADirectory, FilesystemLoop } = Deno.errors;
  if ([PermissionDenied, IsADirectory, NotADirectory, FilesystemLoop].some((kind) => error instanceof kind)) {
    const { message } = error as Error;
    return new Outage(EXIT.config, `${path} cannot be read: ${message}`, { cause: error });
  }
  return error;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(b);
}
