import { setImmediate as turnOfLoop } from "node:timers/promises";
import type { RejectedOrder } from "../../store_admin.ts";
import { unsealLine } from "../log/sealed_line.ts";
import { LastReasons } from "./last_reasons.ts";
import { LinePlaces } from "./line_place.ts";
import { LookedAtFile } from "./tail_of_file.ts";

/** Bytes read between two turns of the event loop. */
const SLICE_BYTES = 1 << 20;
/** Bytes whose lines are parsed in one look, the newest ones. */
const NEWS_BYTES = 128 << 10;
/** Bytes counted in one look, and for how long, in milliseconds: the rest follows in the next ones. */
const COUNT_BYTES = 24 << 20;
const COUNT_MS = 60;
const LINE_FEED = 0x0a;

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
  /** Rejections since the last look, by reason; none at the first look. */
  fresh: Record<string, number>;
  /** The newest of them; at the first look of all. */
  orders: RejectedOrder[];
  /** Whether `fresh` is worked out from `orders`, because there were more. */
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
  readonly #places = new LinePlaces();
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
    const left = { bytes: COUNT_BYTES, until: performance.now() + COUNT_MS };
    let isExact = await this.#count("rejected", rejected, this.#rejected, left);
    if (isExact && this.#reasons.isEmpty) {
      this.#orders.at = Math.max(this.#orders.at, lastLineEnd(orders, this.#buffer));
    } else if (isExact) isExact = await this.#count("accepted", orders, this.#orders, left);
    return { counts: this.#reasons.counts(), isExact, ...this.#news(rejected) };
  }

  /** Counts on where the cursor is; whether it has come to the last whole line. */
  async #count(
    kind: "accepted" | "rejected",
    file: LookedAtFile | undefined,
    cursor: Cursor,
    left: { bytes: number; until: number },
  ): Promise<boolean> {
    while (file !== undefined && cursor.at < file.size) {
      if (left.bytes <= 0 || performance.now() > left.until) return false;
      const bytes = file.read(cursor.at, Math.min(file.size, cursor.at + SLICE_BYTES), this.#buffer);
      const counted = this.#countLines(kind, bytes);
      if (counted === 0) return true; // an unfinished line
      cursor.at += counted;
      left.bytes -= counted;
      await turnOfLoop();
    }
    return true;
  }

  /** Counts the whole lines; how many bytes they take. */
  #countLines(kind: "accepted" | "rejected", bytes: Uint8Array): number {
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      const place = this.#places.read(kind, bytes, { start, end });
      if (place !== undefined && kind === "accepted") this.#reasons.accept(place);
      else if (place !== undefined) this.#reasons.reject(place);
      start = end + 1;
    }
    return start;
  }

  /** The newest whole lines since the last look, from a bounded number of bytes. */
  #news(file: LookedAtFile | undefined): Pick<RejectedNews, "fresh" | "orders" | "isSampled"> {
    const isFirst = this.#shown === undefined;
    const shown = this.#shown ??= 0;
    if (file === undefined) return { fresh: {}, orders: [], isSampled: false };
    const from = Math.max(shown, file.size - NEWS_BYTES);
    const lines = file.linesIn(from, file.size, { into: this.#buffer, isStart: from === shown });
    const orders = lines.flatMap((line) => (unsealLine(line) as RejectedOrder | undefined) ?? []);
    const read = lines.reduce((sum, line) => sum + line.length + 1, 0);
    this.#shown = Math.max(shown, lastLineEnd(file, this.#buffer));
    const fresh: Record<string, number> = {};
    if (isFirst) return { fresh, orders, isSampled: false };
    const isSampled = from > shown;
    const scale = isSampled ? (this.#shown - shown) / Math.max(1, read) : 1;
    for (const { reason } of orders) fresh[reason] = (fresh[reason] ?? 0) + scale;
    return { fresh, orders, isSampled };
  }
}

function isOther({ inode, at }: Cursor, file: LookedAtFile | undefined): boolean {
  return inode !== undefined && (file?.inode !== inode || file.size < at);
}

/** Where the last whole line of a file ends. */
function lastLineEnd(file: LookedAtFile | undefined, buffer: Uint8Array): number {
  if (file === undefined) return 0;
  const from = Math.max(0, file.size - buffer.length);
  return from + file.read(from, file.size, buffer).lastIndexOf(LINE_FEED) + 1;
}
