import { EXIT, Failure } from "../../errors.ts";
import { patiently } from "../../patiently.ts";
import type { StorageLayout } from "./layout.ts";
import { writeDenied } from "./disk_failure.ts";
import { sizeOf } from "./exists.ts";

/**
 * All locks are flock locks on separate files; the kernel frees them however the process dies. Network file systems may
 * not honour them and are not supported.
 */

/** The write lock: the right to change the files of a storage folder during one batch or edit. */
export class WriteLock {
  readonly #turn: Deno.FsFile;
  readonly #write: Deno.FsFile;
  /** flock keeps processes apart, not two calls through the same open file: those queue here. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(turn: Deno.FsFile, write: Deno.FsFile) {
    this.#turn = turn;
    this.#write = write;
  }

  static open(layout: StorageLayout): WriteLock {
    return new WriteLock(openLockFile(layout.turnLock), openLockFile(layout.writeLock));
  }

  /** For a user who may only read: holding it still keeps writers out. Undefined if nobody ever wrote. */
  static openToRead({ turnLock, writeLock }: StorageLayout): WriteLock | undefined {
    const isThere = [turnLock, writeLock].every((path) => sizeOf(path) !== undefined);
    const open = (path: string) => Deno.openSync(path, { read: true });
    return isThere ? new WriteLock(open(turnLock), open(writeLock)) : undefined;
  }

  /**
   * Runs `work` while holding the lock.
   *
   * To wait for the lock one must hold the turn, a second lock. So a consumer that wants the lock again at once lines
   * up behind a tool that came in between.
   */
  hold<T>(work: () => Promise<T>): Promise<T> {
    const held = this.#last.then(() => this.#hold(work));
    this.#last = held.catch(() => {}); // its caller sees the error, the next in line need not
    return held;
  }

  async #hold<T>(work: () => Promise<T>): Promise<T> {
    await take(this.#turn);
    try {
      await take(this.#write);
    } finally {
      this.#turn.unlockSync();
    }
    try {
      return await work();
    } finally {
      this.#write.unlockSync();
    }
  }

  /** Whether somebody waits for the lock; to be called while holding it. */
  isAwaited(): boolean {
    if (!this.#turn.tryLockSync(true)) return true;
    this.#turn.unlockSync();
    return false;
  }

  close(): void {
    this.#turn.close();
    this.#write.close();
  }
}

/**
 * Runs `work` with the right to change a group's offsets and to note it in the folder; the write lock is taken in
 * between, the owner lock beforehand. A change that is found half made under this lock is a dead process's.
 */
export async function holdOffsetsLock<T>(layout: StorageLayout, work: () => Promise<T>): Promise<T> {
  using file = openLockFile(layout.offsetsLock);
  await take(file);
  return await work();
}

/** Takes a free lock directly: waiting for it in another thread costs as much as syncing a small batch. */
async function take(file: Deno.FsFile): Promise<void> {
  if (!file.tryLockSync(true)) await file.lock(true);
}

/** Who owns a storage folder; named in the message to anybody kept out. */
export interface Owner {
  pid: number;
  /** ISO 8601. */
  since: string;
  /** The owner's consumer group, and its member id in it. */
  group: string;
  memberId: string;
}

/** How long to try for the owner lock, in milliseconds: a tool that checks for an owner holds it briefly. */
const TAKE_MS = 300;

/** The owner lock: the right to consume into a storage folder, one process at a time. */
export class OwnerLock {
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Takes the lock, or throws a {@linkcode Failure} (75) that names the owner. */
  static async take(layout: StorageLayout): Promise<OwnerLock> {
    const lock = await patiently(() => OwnerLock.try(layout) ?? false, { forMs: TAKE_MS, everyMs: 50 });
    if (lock) return lock;
    const owner = readOwner(layout);
    const who = owner === undefined
      ? "another process"
      : `process ${owner.pid} (group ${owner.group}, since ${owner.since})`;
    throw new Failure(
      EXIT.busy,
      `The storage ${layout.folder} is owned by ${who}; a storage folder takes one consumer: stop it first, ` +
        `give this one a folder and a group of its own (STORAGE_DIR, --group), or let them share a database ` +
        `(DATABASE_URL, docs/SCALING.md)`,
    );
  }

  /** Takes the lock if it is free; says whether it did. */
  static try(layout: StorageLayout): OwnerLock | undefined {
    const file = openLockFile(layout.ownerLock);
    if (file.tryLockSync(true)) return new OwnerLock(file);
    file.close();
    return undefined;
  }

  /** Records who holds the lock. */
  describe(owner: Owner): void {
    const bytes = new TextEncoder().encode(JSON.stringify(owner) + "\n");
    this.#file.truncateSync(0);
    this.#file.seekSync(0, Deno.SeekMode.Start);
    this.#file.writeSync(bytes);
  }

  close(): void {
    this.#file.close();
  }
}

/** What the last owner recorded; undefined if none did. */
export function readOwner(layout: StorageLayout): Owner | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(layout.ownerLock));
  } catch (error) {
    // Never written, or being written right now. Only the lock counts; the record is for the message.
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function openLockFile(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { read: true, write: true, create: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) {
      throw writeDenied(path, error);
    }
    throw new Failure(EXIT.config, `There is no storage at ${path.replace(/\/[^/]*$/, "")}: run deno task bootstrap`);
  }
}
