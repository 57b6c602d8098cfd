import { EXIT, Failure } from "../errors.ts";
import { AppendFile } from "./append_file.ts";
import { visitLines } from "./lines.ts";
import { sealLine, unsealLine } from "./sealed_line.ts";

/**
 * A file of sealed lines that several processes append to in turn, under the write lock.
 *
 * A last line that is not whole is what a crash left of an append that never reported success; it is cut off when the
 * journal is read. A bad line anywhere else is damage: a {@linkcode Failure} (65), nothing touched.
 */
export class Journal<T extends object> {
  readonly file: AppendFile;
  #read = 0;

  constructor(path: string) {
    this.file = AppendFile.open(path);
  }

  /** The lines appended since the last call, by whomever, with where each starts. */
  news(): { record: T; start: number }[] {
    this.file.grow();
    if (this.file.length === this.#read) return [];
    if (this.file.length < this.#read) throw this.#damaged(this.file.length, "the file became shorter");
    const news: { record: T; start: number }[] = [];
    let bad: number | undefined;
    visitLines((from, to) => this.file.read(from, to), this.#read, this.file.length, (line, start, whole) => {
      const record = whole ? unsealLine(line) : undefined;
      if (bad !== undefined) throw this.#damaged(bad, "the line does not match its checksum");
      if (record === undefined) bad = start;
      else news.push({ record: record as T, start });
    });
    this.#read = bad ?? this.file.length;
    return news;
  }

  /** Appends `records`; durable after `file.sync()`. What others appended has to be read before. */
  append(records: readonly T[]): void {
    if (this.file.length !== this.#read) this.file.truncate(this.#read);
    this.file.append(new TextEncoder().encode(records.map(sealLine).join("")));
    this.#read = this.file.length;
  }

  close(): void {
    this.file.close();
  }

  #damaged(at: number, what: string): Failure {
    return new Failure(EXIT.data, `${this.file.path} is damaged at byte ${at}: ${what}; nothing was touched`);
  }
}
