import { Buffer } from "node:buffer";
import { NameCache } from "../../name_cache.ts";
import type { Coordinates, Order } from "../../order.ts";
import {
  BATCH,
  CREATED_AT,
  ITEM,
  OFFSET,
  ORDER_ID,
  PARTITION,
  QUANTITY,
  REMAINING,
  REPLAY_OF,
  SEQ,
  TOPIC,
  USER,
} from "./order_lines.ts";
import { isSealAt, SEAL_LENGTH, unsealLine } from "./sealed_line.ts";

/** One line of `orders.jsonl`: an accepted order, where it came from and the stock it left. */
export interface LoggedOrder extends Order, Coordinates {
  /** Number in the common sequence of accepted orders and stock edits. */
  seq: number;
  /** `seq` of the first order of its batch: lines of one batch became durable together. */
  batch: number;
  /** Stock of the item after this order. */
  remaining: number;
  /** The order_id this one is a replay of. */
  replay_of?: string;
}

/** The accepted order of a log line, or undefined if the line is not whole. */
export function parseLogged(line: Uint8Array): LoggedOrder | undefined {
  return unsealLine(line) as LoggedOrder | undefined;
}

/** Any integer of so many digits is exact. */
const MAX_DIGITS = 15;

/**
 * Reads the lines of the log, those in the form that `writeOrders` gives them byte by byte.
 *
 * `parseLogged` reads any line; it makes text of it first and then an object of that, and takes two and a half times as
 * long: 1.6 µs an order against 0.6, of which the checksum is 0.13.
 */
export class LoggedLineReader {
  readonly #names = new NameCache();
  #bytes: Uint8Array = new Uint8Array(0);
  /** The same bytes: only a Buffer makes text of a part, and only an array makes a view fast. */
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;
  #isUsual = true;

  /** Where the line after the one read last begins. */
  get next(): number {
    return this.#at;
  }

  /** The order of the line at `start`; undefined if the line is not whole. `bytes` are whole lines. */
  read(bytes: Uint8Array, start: number): LoggedOrder | undefined {
    if (bytes !== this.#bytes) this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#bytes = bytes;
    return this.#readUsual(start) ?? this.#readAny(start);
  }

  /** Undefined for a line that has another form, or that is not whole. */
  #readUsual(start: number): LoggedOrder | undefined {
    this.#at = start;
    this.#isUsual = true;
    const order: LoggedOrder = {
      order_id: this.#id(ORDER_ID),
      user: this.#name(USER),
      item: this.#name(ITEM),
      quantity: this.#number(QUANTITY),
      created_at: this.#number(CREATED_AT),
      seq: this.#number(SEQ),
      batch: this.#number(BATCH),
      topic: this.#name(TOPIC),
      partition: this.#number(PARTITION),
      offset: this.#number(OFFSET),
      remaining: this.#number(REMAINING),
    };
    const startsReplayOf = this.#bytes[this.#at + 2] === REPLAY_OF[2]; // otherwise it is the seal's
    if (startsReplayOf) order.replay_of = this.#id(REPLAY_OF);
    if (!this.#isUsual || !isSealAt(this.#bytes, start, this.#at)) return undefined;
    this.#at += SEAL_LENGTH;
    return this.#bytes[this.#at++] === LINE_FEED ? order : undefined;
  }

  #readAny(start: number): LoggedOrder | undefined {
    const end = this.#bytes.indexOf(LINE_FEED, start);
    this.#at = end < 0 ? this.#bytes.length : end + 1;
    return end < 0 ? undefined : parseLogged(this.#bytes.subarray(start, end));
  }

  #id(field: Uint8Array): string {
    const from = this.#startOfString(field);
    return this.#buffer.toString("utf8", from, this.#endOfString());
  }

  #name(field: Uint8Array): string {
    const from = this.#startOfString(field);
    return this.#names.read(this.#buffer, from, this.#endOfString());
  }

  #startOfString(field: Uint8Array): number {
    this.#skip(field);
    if (this.#bytes[this.#at++] !== QUOTE) this.#isUsual = false;
    return this.#at;
  }

  /** The byte of the closing quote; an escape is unusual. */
  #endOfString(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    while (bytes[at] !== QUOTE && bytes[at] >= SPACE && bytes[at] !== BACKSLASH) at++;
    if (bytes[at] !== QUOTE) this.#isUsual = false;
    this.#at = at + 1;
    return at;
  }

  /** A whole number without a sign. */
  #number(field: Uint8Array): number {
    this.#skip(field);
    const bytes = this.#bytes;
    const from = this.#at;
    let at = from;
    let number = 0;
    while (bytes[at] >= ZERO && bytes[at] <= NINE) number = number * 10 + bytes[at++] - ZERO;
    const digits = at - from;
    if (digits === 0 || digits > MAX_DIGITS || (digits > 1 && bytes[from] === ZERO)) this.#isUsual = false;
    this.#at = at;
    return number;
  }

  #skip(field: Uint8Array): void {
    const bytes = this.#bytes;
    const from = this.#at;
    for (let index = 0; index < field.length; index++) {
      if (bytes[from + index] !== field[index]) this.#isUsual = false;
    }
    this.#at = from + field.length;
  }
}

const LINE_FEED = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const ZERO = 0x30;
const NINE = 0x39;
const BACKSLASH = 0x5c;
