import { type LoggedOrder, parseLogged } from "../log/logged_line.ts";
import { LookedAtFile } from "./tail_of_file.ts";

/** Bytes read of what was appended since the last look: all of it, or this many windows of it, the last at its end. */
const WINDOWS = 4;
const WINDOW_BYTES = 64 << 10;

/** What was appended to the log since the last look. */
export interface LogNews {
  orders: LoggedOrder[];
  /** Whether `orders` is only a part of it. */
  isSampled: boolean;
  /** `seq` of the last whole line; 0 if there is none. */
  lastSeq: number;
}

/**
 * Looks at the end of `orders.jsonl` while others append, and at a bounded number of bytes, however much was appended.
 * Reads without the write lock: an unfinished batch is seen as far as its lines are whole.
 */
export class LogTail {
  readonly #path: string;
  readonly #buffer = new Uint8Array(WINDOW_BYTES);
  #inode: number | undefined;
  /** Everything before is known; undefined before the first look at a log, which is at its end only. */
  #at: number | undefined;
  #lastSeq = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Permission: read. */
  look(): LogNews {
    using file = LookedAtFile.open(this.#path);
    if (file?.inode !== this.#inode || (file?.size ?? 0) < (this.#at ?? 0)) {
      this.#at = file === undefined || this.#inode === undefined ? undefined : 0; // one that was begun anew is read whole
      this.#lastSeq = 0;
    }
    this.#inode = file?.inode;
    if (file === undefined) return { orders: [], isSampled: false, lastSeq: 0 };
    const from = this.#at ??= this.#startOfEnd(file);
    const isSampled = file.size - from > WINDOWS * WINDOW_BYTES;
    const orders = isSampled ? this.#windows(file, from) : this.#everything(file, from);
    this.#lastSeq = orders.at(-1)?.seq ?? this.#lastSeq;
    return { orders, isSampled, lastSeq: this.#lastSeq };
  }

  /** Where the first whole line in the last windows begins. */
  #startOfEnd(file: LookedAtFile): number {
    const from = file.size - WINDOWS * WINDOW_BYTES;
    if (from <= 0) return 0;
    const feed = file.read(from, from + WINDOW_BYTES, this.#buffer).indexOf(0x0a);
    return feed < 0 ? 0 : from + feed + 1;
  }

  #everything(file: LookedAtFile, from: number): LoggedOrder[] {
    const orders: LoggedOrder[] = [];
    let at = from;
    while (at < file.size) {
      const lines = file.linesIn(at, file.size, { into: this.#buffer, isStart: true });
      if (lines.length === 0) break; // an unfinished line: next time
      for (const line of lines) {
        at += line.length + 1;
        const order = parseLogged(line);
        if (order !== undefined) orders.push(order);
      }
    }
    this.#at = at;
    return orders;
  }

  #windows(file: LookedAtFile, from: number): LoggedOrder[] {
    const orders: LoggedOrder[] = [];
    const step = (file.size - from - WINDOW_BYTES) / (WINDOWS - 1);
    for (let window = 0; window < WINDOWS; window++) {
      const at = window === WINDOWS - 1 ? file.size - WINDOW_BYTES : Math.floor(from + window * step);
      for (const line of file.linesIn(at, at + WINDOW_BYTES, { into: this.#buffer, isStart: false })) {
        const order = parseLogged(line);
        if (order !== undefined) orders.push(order);
      }
    }
    this.#at = file.size - this.#unfinished(file);
    return orders;
  }

  /** Bytes of the unfinished line at the end, if there is one that fits the window. */
  #unfinished(file: LookedAtFile): number {
    const bytes = file.read(file.size - WINDOW_BYTES, file.size, this.#buffer);
    const feed = bytes.lastIndexOf(0x0a);
    return feed < 0 ? 0 : bytes.length - feed - 1;
  }
}
