import { EXIT, Failure } from "../../errors.ts";
import { AppendFile } from "../disk/append_file.ts";
import { replaceFile, syncFolder } from "../disk/atomic_file.ts";
import { visitLines } from "./lines.ts";
import { sealLines, unsealLine } from "./sealed_line.ts";

/** Lines too many that a journal may have: reading so many takes a few milliseconds. */
const COMPACT_ABOVE = 1_000;
/** A journal of many lines may have this share too many, or it would be written anew all the time. */
const COMPACT_SHARE = 0.25;

export interface JournalOptions {
  /** Lines that the file may have too many before it is compacted; 1,000 by default, tests take fewer. */
  compactAbove?: number;
}

/**
 * A file of sealed lines that several processes append to in turn, under the write lock.
 *
 * Lines that are not whole at the end are what a crash left of an append that never reported success; they are cut off,
 * and what was appended together with them. A bad line anywhere else is damage: a {@linkcode Failure}
 * (65), nothing touched. Lines that may be appended several at once say so by `batch`, the `seq` of the first.
 *
 * Whoever writes a checkpoint compacts the file: it is replaced by fewer lines that say the same, so that its length is
 * bounded by what it speaks of and not by time. The others notice, and read the new file from its beginning.
 */
export class Journal<T extends { seq: number; batch?: number }> {
  readonly #path: string;
  readonly #compactAbove: number;
  #file: AppendFile;
  /** Bytes and lines read, or written by this process. */
  #read = 0;
  #lines = 0;

  constructor(path: string, { compactAbove = COMPACT_ABOVE, file }: JournalOptions & { file?: AppendFile } = {}) {
    this.#path = path;
    this.#compactAbove = compactAbove;
    this.#file = file ?? openJournal(path);
  }

  /** Whether another process has compacted the file: then every line is news, and what was known of it is void. */
  reopenIfCompacted(): boolean {
    if (!this.#file.isReplaced()) return false;
    this.#file.close();
    this.#file = openJournal(this.#path);
    this.#read = this.#lines = 0;
    return true;
  }

  /** Visits the lines appended since the last call, by whomever; how many there were. */
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
        // A line that was appended later proves that the bad one was whole once.
        throw this.#damaged(bad.start, "the line does not match its checksum");
      }
      index++;
    });
    this.#read = bad?.start ?? this.#file.length;
    this.#lines += count;
    return count;
  }

  /** Cuts off what a crash left of the last append. */
  cutTorn(): void {
    if (this.#file.length !== this.#read) this.#file.truncate(this.#read);
  }

  /** Appends `records`; durable after {@linkcode sync}. What others appended has to be read before. */
  append(records: readonly T[]): void {
    this.cutTorn();
    this.#file.append(sealLines(records).bytes);
    this.#read = this.#file.length;
    this.#lines += records.length;
  }

  /** Waits until everything appended is on the disk, as {@linkcode AppendFile.sync}. */
  async sync(): Promise<void> {
    await this.#file.sync();
  }

  /** Whether the file has so many more lines than the `needed` ones that writing those anew pays. */
  isWorthCompacting(needed: number): boolean {
    return this.#lines - needed > Math.max(this.#compactAbove, needed * COMPACT_SHARE);
  }

  /**
   * Replaces the file by `records`, which say the same as all its lines together; durable when it returns. A crash at
   * any moment leaves the old file or the new one.
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

/** Whoever compacted the file may have died before its new name was durable: nothing may be built on it before. */
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
