import { EXIT, Failure } from "../../errors.ts";
import { AppendFile } from "../disk/append_file.ts";
import { replaceFile, syncFolder } from "../disk/atomic_file.ts";
import { visitLines } from "./lines.ts";
import { sealLines, unsealLine } from "./sealed_line.ts";

/** Surplus lines that a journal may have: reading this many takes a few milliseconds. */
const COMPACT_ABOVE = 1_000;
/** The surplus that a long journal may have, as a share of its lines: else it would be rewritten all the time. */
const COMPACT_SHARE = 0.25;

export interface JournalOptions {
  /** Surplus lines before the file is compacted; 1,000 by default, fewer in tests. */
  compactAbove?: number;
}

/**
 * A file of sealed lines that several processes append to in turn, under the write lock.
 *
 * Incomplete lines at the end were left by a crash during an append that never reported success; they are cut off, with
 * whatever was appended together with them. A bad line anywhere else is damage: a {@linkcode Failure} (65), nothing
 * touched. Lines appended together carry the same `batch`, the `seq` of the first.
 *
 * Whoever writes a checkpoint compacts the file: it is replaced by fewer lines that say the same, so that its length
 * does not grow with time. Other processes notice, and read the new file from its beginning.
 */
export class Journal<T extends { seq: number; batch?: number }> {
  readonly #path: string;
  readonly #compactAbove: number;
  #file: AppendFile;
  /** Bytes and lines that this process has read or written. */
  #read = 0;
  #lines = 0;

  constructor(path: string, { compactAbove = COMPACT_ABOVE, file }: JournalOptions & { file?: AppendFile } = {}) {
    this.#path = path;
    this.#compactAbove = compactAbove;
    this.#file = file ?? openJournal(path);
  }

  /** Whether another process has compacted the file: then every line is new, and what was known before is void. */
  reopenIfCompacted(): boolean {
    if (!this.#file.isReplaced()) return false;
    this.#file.close();
    this.#file = openJournal(this.#path);
    this.#read = this.#lines = 0;
    return true;
  }

  /** Visits the lines appended since the last call, by any process; returns their number. */
  news(visit: (record: T) => void): number {
    this.#file.grow();
    if (this.#file.length === this.#read) return 0;
    if (this.#file.length < this.#read) throw this.#damaged(this.#file.length, "the file became shorter");
    let bad: { start: number; index: number } | undefined;
    let index = 0;
    let count = 0;
    visitLines((...range) => this.#file.read(...range), this.#read, this.#file.length, (line, start, whole) => {
      const record = (whole ? unsealLine(line) : undefined) as T | undefined;
      if (record === undefined) {
        bad ??= { start, index };
      } else if (bad === undefined) {
        visit(record);
        count++;
      } else if (index - (record.seq - (record.batch ?? record.seq)) > bad.index) {
        // A later line proves that the bad one was complete once.
        throw this.#damaged(bad.start, "the line does not match its checksum");
      }
      index++;
    });
    this.#read = bad?.start ?? this.#file.length;
    this.#lines += count;
    return count;
  }

  /** Cuts off what a crash left of the last append, if anything. */
  cutTorn(): void {
    if (this.#file.length !== this.#read) this.#file.truncate(this.#read);
  }

  /** Appends `records`; durable after {@linkcode sync}. What others appended must have been read before. */
  append(records: readonly T[]): void {
    this.cutTorn();
    this.#file.append(sealLines(records).bytes);
    this.#read = this.#file.length;
    this.#lines += records.length;
  }

  /** Waits until everything appended is on the disk, like {@linkcode AppendFile.sync}. */
  async sync(): Promise<void> {
    await this.#file.sync();
  }

  /** Whether the file has so many more lines than `needed` that it is worth rewriting. */
  isWorthCompacting(needed: number): boolean {
    return this.#lines - needed > Math.max(this.#compactAbove, needed * COMPACT_SHARE);
  }

  /**
   * Replaces the file with `records`, which say the same as all its lines; durable on return. A crash at any moment
   * leaves the old file or the new one.
   */
  compact(records: readonly T[]): void {
    const bytes = sealLines(records).bytes;
    replaceFile(this.#path, bytes);
    this.#file.close();
    this.#file = AppendFile.open(this.#path);
    this.#read = this.#file.length;
    this.#lines = records.length;
  }

  close(): void {
    this.#file.close();
  }

  #damaged(at: number, what: string): Failure {
    return new Failure(EXIT.data, `${this.#path} is damaged at byte ${at}: ${what}; nothing was touched`);
  }
}

/**
 * Whoever compacted the file may have died before its new name was durable, so nothing may rely on it before a sync.
 */
function openJournal(path: string): AppendFile {
  const file = AppendFile.open(path);
  try {
    syncFolder(path);
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}
