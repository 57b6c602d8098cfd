import { EXIT, Failure } from "../errors.ts";
import { AppendFile } from "./append_file.ts";
import { visitLines } from "./lines.ts";
import { sealLines, unsealLine } from "./sealed_line.ts";

/**
 * A file of sealed lines that several processes append to in turn, under the write lock.
 *
 * Lines that are not whole at the end are what a crash left of an append that never reported success; they are cut off,
 * and what was appended together with them. A bad line anywhere else is damage: a {@linkcode Failure}
 * (65), nothing touched. Lines that may be appended several at once say so by `batch`, the `seq` of the first.
 */
export class Journal<T extends { seq: number; batch?: number }> {
  readonly file: AppendFile;
  #read = 0;

  constructor(path: string, file: AppendFile = AppendFile.open(path)) {
    this.file = file;
  }

  /** The lines appended since the last call, by whomever, with where each starts. */
  news(): { record: T; start: number }[] {
    this.file.grow();
    if (this.file.length === this.#read) return [];
    if (this.file.length < this.#read) throw this.#damaged(this.file.length, "the file became shorter");
    const news: { record: T; start: number }[] = [];
    let bad: { start: number; index: number } | undefined;
    let index = 0;
    visitLines((...range) => this.file.read(...range), this.#read, this.file.length, (line, start, whole) => {
      const record = (whole ? unsealLine(line) : undefined) as T | undefined;
      if (record === undefined) bad ??= { start, index };
      else if (bad === undefined) news.push({ record, start });
      // A line that was appended later proves that the bad one was whole once.
      else if (index - (record.seq - (record.batch ?? record.seq)) > bad.index) {
        throw this.#damaged(bad.start, "the line does not match its checksum");
      }
      index++;
    });
    this.#read = bad?.start ?? this.file.length;
    return news;
  }

  /** Cuts off what a crash left of the last append. */
  cutTorn(): void {
    if (this.file.length !== this.#read) this.file.truncate(this.#read);
  }

  /** Appends `records`; durable after `file.sync()`. What others appended has to be read before. */
  append(records: readonly T[]): void {
    this.cutTorn();
    this.file.append(sealLines(records).bytes);
    this.#read = this.file.length;
  }

  close(): void {
    this.file.close();
  }

  #damaged(at: number, what: string): Failure {
    return new Failure(EXIT.data, `${this.file.path} is damaged at byte ${at}: ${what}; nothing was touched`);
  }
}
