import { EXIT, Failure } from "../../errors.ts";
import { patiently } from "../../patiently.ts";
import type { StorageLayout } from "./layout.ts";
import { refusedWrite } from "./disk_failure.ts";
import { sizeOf } from "./exists.ts";

/**
 * Locks are flock locks on files of their own, freed by the kernel when the process dies, however it dies.
 * Network file systems may not honour them and are unsupported.
 */

/** The right to change the files of a storage folder, for the length of one batch or edit. */
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

  /** For who may only read: holding it keeps writers out all the same. Undefined where nobody ever wrote. */
  static openToRead({ turnLock, writeLock }: StorageLayout): WriteLock | undefined {
    const isThere = [turnLock, writeLock].every((path) => sizeOf(path) !== undefined);
    const open = (path: string) => Deno.openSync(path, { read: true });
    return isThere ? new WriteLock(open(turnLock), open(writeLock)) : undefined;
  }

  /**
   * Runs `work` while holding the lock.
   *
   * Whoever waits for the lock holds the turn meanwhile, and a turn is needed to wait: so a consumer that would take
   * the lock again at once lines up behind a tool that came in between.
   */
  hold<T>(work: () => Promise<T>): Promise<T> {
    const held = this.#last.then(() => this.#hold(work));
    this.#last = held.catch(() => {}); // its caller sees the error; the next in line is not concerned
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

  /** Whether somebody waits for the lock; asked by the one who holds it. */
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

/** A lock that is free is taken at once: waiting in another thread for it costs as much as syncing a small batch. */
async function take(file: Deno.FsFile): Promise<void> {
  if (!file.tryLockSync(true)) await file.lock(true);
}

/** Who owns a storage folder, for the message of the one that has to stay out. */
export interface Owner {
  pid: number;
  /** ISO 8601. */
  since: string;
  /** The consumer group the owner reads for, and its member id there. */
  group: string;
  memberId: string;
}

/** How long to try for the owner lock, in milliseconds: a tool that asks whether there is an owner holds it briefly. */
const TAKE_MS = 300;

/** The right to consume into a storage folder; one process at a time. */
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
      `The storage ${layout.folder} is owned by ${who}; one consumer a storage folder: stop it first, ` +
        `give this one a folder and a group of its own (STORAGE_DIR, --group), or let them share a database ` +
        `(DATABASE_URL, docs/SCALING.md)`,
    );
  }

  /** Takes the lock if it is free. */
  static try(layout: StorageLayout): OwnerLock | undefined {
    const file = openLockFile(layout.ownerLock);
    if (file.tryLockSync(true)) return new OwnerLock(file);
    file.close();
    return undefined;
  }

  /** Writes down who holds the lock. */
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

/** What the last owner wrote down; undefined where none did. */
export function readOwner(layout: StorageLayout): Owner | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(layout.ownerLock));
  } catch (error) {
    // Never written, or its writer is at it right now: the name in the message is a courtesy, the lock is the rule.
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function openLockFile(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { read: true, write: true, create: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) {
      throw refusedWrite(path, error);
    }
    throw new Failure(EXIT.config, `There is no storage at ${path.replace(/\/[^/]*$/, "")}: run deno task bootstrap`);
  }
}
