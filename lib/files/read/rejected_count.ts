import { Buffer } from "node:buffer";
import { setImmediate as turnOfLoop } from "node:timers/promises";
import type { RejectedOrder } from "../../store_admin.ts";
import { unsealLine } from "../log/sealed_line.ts";
import { LookedAtFile } from "./tail_of_file.ts";

/** Bytes read between two turns of the event loop. */
const SLICE_BYTES = 256 << 10;
/** How long a look may count, in milliseconds: the rest is counted in the next looks. */
const COUNT_MS = 15;
/** Lines parsed in one look, the newest ones. */
const MAX_NEWS = 500;

/**
 * Where the record of a line lies, and its reason if it has one. In a JSON string a quote has a backslash before it, so
 * no name can look like this.
 */
const REJECTED = /,"reason":"([a-z-]+)"[^\n]*?,"topic":"([^"]*)","partition":(\d+),"offset":(\d+)[^\n]*\n/g;
const ACCEPTED = /,"topic":"([^"]*)","partition":(\d+),"offset":(\d+),"remaining":/g;

/** Offsets of one block of {@linkcode LastReasons}. */
const BLOCK = 1 << 14;

/** The last rejection of each record, one byte for each: an order that is judged again has several lines. */
export class LastReasons {
  readonly #reasons: string[] = [];
  readonly #blocks = new Map<string, Uint8Array>();
  readonly #counts: number[] = [];

  reject(topic: string, partition: number, offset: number, reason: string): void {
    let code = this.#reasons.indexOf(reason) + 1;
    if (code === 0) code = this.#reasons.push(reason);
    this.#set(topic, partition, offset, code);
  }

  /** It was accepted in the end. */
  accept(topic: string, partition: number, offset: number): void {
    if (this.#blocks.has(blockOf(topic, partition, offset))) this.#set(topic, partition, offset, 0);
  }

  get isEmpty(): boolean {
    return this.#blocks.size === 0;
  }

  /** By reason. */
  counts(): Record<string, number> {
    return Object.fromEntries(
      this.#reasons.map((reason, index) => [reason, this.#counts[index + 1] ?? 0] as const).filter(([, n]) => n > 0),
    );
  }

  #set(topic: string, partition: number, offset: number, code: number): void {
    const name = blockOf(topic, partition, offset);
    let block = this.#blocks.get(name);
    if (block === undefined) this.#blocks.set(name, block = new Uint8Array(BLOCK));
    const before = block[offset % BLOCK];
    if (before > 0) this.#counts[before]--;
    block[offset % BLOCK] = code;
    if (code > 0) this.#counts[code] = (this.#counts[code] ?? 0) + 1;
  }
}

function blockOf(topic: string, partition: number, offset: number): string {
  return `${topic}/${partition}/${Math.floor(offset / BLOCK)}`;
}

/** How far a file was counted. */
interface Cursor {
  inode: number | undefined;
  at: number;
}

/** What the rejections come to so far. */
export interface RejectedNews {
  counts: Record<string, number>;
  /** False while not everything is counted. */
  isExact: boolean;
  /** The newest ones since the last look. */
  orders: RejectedOrder[];
  isSampled: boolean;
}

/**
 * Counts the records whose last verdict is a rejection, a bounded time in each look.
 *
 * A rejected record that is read again may be accepted: so the log is gone through too, where anything was rejected at
 * all. An acceptance follows the rejection of its record: `orders.jsonl` is only read up to where it ended before
 * `rejected.jsonl` was read to its end.
 */
export class RejectedCount {
  readonly #paths: { orders: string; rejected: string };
  readonly #buffer = new Uint8Array(SLICE_BYTES);
  #reasons = new LastReasons();
  #rejected: Cursor = { inode: undefined, at: 0 };
  #orders: Cursor = { inode: undefined, at: 0 };
  /** Up to here `rejected.jsonl` was shown as news. */
  #shown: number | undefined;

  constructor(paths: { orders: string; rejected: string }) {
    this.#paths = paths;
  }

  /** Permission: read. */
  async look(): Promise<RejectedNews> {
    using orders = LookedAtFile.open(this.#paths.orders);
    using rejected = LookedAtFile.open(this.#paths.rejected);
    if (isOther(this.#orders, orders) || isOther(this.#rejected, rejected)) {
      this.#reasons = new LastReasons();
      this.#orders = { inode: orders?.inode, at: 0 };
      this.#rejected = { inode: rejected?.inode, at: 0 };
      this.#shown = undefined;
    }
    this.#orders.inode ??= orders?.inode;
    this.#rejected.inode ??= rejected?.inode;
    const until = performance.now() + COUNT_MS;
    let isExact = await this.#count(rejected, this.#rejected, until, (text) => this.#readRejected(text));
    if (isExact && this.#reasons.isEmpty) {
      this.#orders.at = Math.max(this.#orders.at, lastLineEnd(orders, this.#buffer));
    } else if (isExact) isExact = await this.#count(orders, this.#orders, until, (text) => this.#readOrders(text));
    return { counts: this.#reasons.counts(), isExact, ...this.#news(rejected) };
  }

  /** Counts on where the cursor is; whether it has come to the last whole line. */
  async #count(
    file: LookedAtFile | undefined,
    cursor: Cursor,
    until: number,
    count: (text: string) => void,
  ): Promise<boolean> {
    while (file !== undefined && cursor.at < file.size) {
      const bytes = file.read(cursor.at, Math.min(file.size, cursor.at + SLICE_BYTES), this.#buffer);
      const end = bytes.lastIndexOf(0x0a) + 1;
      if (end === 0) return true; // an unfinished line
      count(Buffer.from(bytes.buffer, bytes.byteOffset, end).toString("latin1"));
      cursor.at += end;
      if (performance.now() > until) return cursor.at >= file.size;
      await turnOfLoop();
    }
    return true;
  }

  #readRejected(text: string): void {
    for (const [, reason, topic, partition, offset] of text.matchAll(REJECTED)) {
      this.#reasons.reject(topic, Number(partition), Number(offset), reason);
    }
  }

  #readOrders(text: string): void {
    for (const [, topic, partition, offset] of text.matchAll(ACCEPTED)) {
      this.#reasons.accept(topic, Number(partition), Number(offset));
    }
  }

  /** The newest whole lines since the last look, from a bounded number of bytes. */
  #news(file: LookedAtFile | undefined): Pick<RejectedNews, "orders" | "isSampled"> {
    if (file === undefined) return { orders: [], isSampled: false };
    const shown = this.#shown ?? 0;
    const from = Math.max(shown, file.size - SLICE_BYTES);
    const lines = file.linesIn(from, file.size, { into: this.#buffer, isStart: from === shown });
    const newest = lines.slice(-MAX_NEWS);
    const orders = newest.flatMap((line) => (unsealLine(line) as RejectedOrder | undefined) ?? []);
    const isFirst = this.#shown === undefined;
    this.#shown = Math.max(shown, lastLineEnd(file, this.#buffer));
    return { orders, isSampled: !isFirst && (from > shown || newest.length < lines.length) };
  }
}

function isOther({ inode, at }: Cursor, file: LookedAtFile | undefined): boolean {
  return inode !== undefined && (file?.inode !== inode || file.size < at);
}

/** Where the last whole line of a file ends. */
function lastLineEnd(file: LookedAtFile | undefined, buffer: Uint8Array): number {
  if (file === undefined) return 0;
  const from = Math.max(0, file.size - buffer.length);
  return from + file.read(from, file.size, buffer).lastIndexOf(0x0a) + 1;
}
