import { Buffer } from "node:buffer";
import { NameCache } from "../../name_cache.ts";
import type { Coordinates, Order } from "../../order.ts";
import { FieldScanner, FieldStart, Span } from "./field_scanner.ts";
import * as written from "./order_lines.ts";
import { type LongRead, manyLineChunks, type ReadBytes } from "./lines.ts";
import { isSealAt, SEAL_LENGTH, unsealLine } from "./sealed_line.ts";

const LINE_FEED = 0x0a;
const encoder = new TextEncoder();
const ORDER_ID = new FieldStart(written.ORDER_ID);
const USER = new FieldStart(written.USER);
const ITEM = new FieldStart(written.ITEM);
const QUANTITY = new FieldStart(written.QUANTITY);
const CREATED_AT = new FieldStart(written.CREATED_AT);
const SEQ = new FieldStart(written.SEQ);
const BATCH = new FieldStart(written.BATCH);
const TOPIC = new FieldStart(written.TOPIC);
const PARTITION = new FieldStart(written.PARTITION);
const OFFSET = new FieldStart(written.OFFSET);
const REMAINING = new FieldStart(written.REMAINING);
const REPLAY_OF = new FieldStart(written.REPLAY_OF);

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

/**
 * Visits the lines of `[from, to)` in order, also those that are not whole; `from` is the start of a line. Lets signals
 * through meanwhile.
 */
export async function visitLoggedLines(
  read: ReadBytes,
  { from, to }: { from: number; to: number },
  visit: (line: LoggedLine, start: number) => void,
  wait: LongRead,
): Promise<void> {
  const line = new LoggedLine();
  for await (const { bytes, start } of manyLineChunks(read, { from, to }, wait)) {
    for (let at = 0; at < bytes.length; at = line.next) {
      line.read(bytes, at);
      visit(line, start + at);
    }
  }
}

/**
 * Reads the lines of the log one after the other. It is itself the order of the line that it has read last: numbers are
 * read at once, texts are made when somebody asks for them. So whoever is shown a line must not keep it.
 *
 * A line in the form that `writeOrders` gives it is read by its bytes. `parseLogged` reads any line, and is used here
 * for other forms; it makes text first and then an object of that: 0.9 µs a line against 0.2, the checksum in both.
 */
export class LoggedLine implements LoggedOrder {
  quantity = 0;
  created_at = 0;
  seq = 0;
  batch = 0;
  partition = 0;
  offset = 0;
  remaining = 0;
  /** Whether the line matches its checksum and ends with a line feed; otherwise it holds no order. */
  isWhole = false;
  /** The order of a line that has another form. */
  #unusual: LoggedOrder | undefined;
  readonly #id = new Span();
  readonly #user = new Span();
  readonly #item = new Span();
  readonly #topic = new Span();
  #topicText: string | undefined;
  readonly #replayOf = new Span();
  #hasReplayOf = false;
  readonly #scanner = new FieldScanner();
  /** Made when a name is asked for, because that takes as long as reading 500 lines. */
  #names: NameCache | undefined;
  /** The bytes that are read: only a Buffer makes text of a part. */
  #buffer: Buffer = Buffer.alloc(0);
  #start = 0;
  /** Where the line before has what all lines of its batch share; nowhere if these bytes may be others by now. */
  readonly #shared = new Span();
  #next = 0;

  get order_id(): string {
    return this.#unusual === undefined ? this.#text(this.#id) : this.#unusual.order_id;
  }

  get user(): string {
    return this.#unusual === undefined ? this.#name(this.#user) : this.#unusual.user;
  }

  get item(): string {
    return this.#unusual === undefined ? this.#name(this.#item) : this.#unusual.item;
  }

  get topic(): string {
    return this.#unusual === undefined ? this.#topicText ??= this.#name(this.#topic) : this.#unusual.topic;
  }

  get replay_of(): string | undefined {
    if (this.#unusual !== undefined) return this.#unusual.replay_of;
    return this.#hasReplayOf ? this.#text(this.#replayOf) : undefined;
  }

  /** The order as an object that may be kept. */
  toOrder(): LoggedOrder {
    if (this.#unusual !== undefined) return this.#unusual;
    const { order_id, user, item, quantity, created_at, seq, batch, topic, partition, offset, remaining } = this;
    const order = { order_id, user, item, quantity, created_at, seq, batch, topic, partition, offset, remaining };
    return this.#hasReplayOf ? { ...order, replay_of: this.replay_of } : order;
  }

  /** The UTF-8 of the order's id. */
  get idBytes(): { bytes: DataView; from: number; to: number } {
    const { from, to, isAscii } = this.#id;
    // Other bytes may be no UTF-8; then the text has replacement characters.
    if (this.#unusual === undefined && isAscii) return { bytes: this.#scanner.view, from, to };
    const { buffer, byteLength } = encoder.encode(this.order_id);
    return { bytes: new DataView(buffer), from: 0, to: byteLength };
  }

  /** The line without its line feed. */
  get bytes(): Uint8Array {
    const { bytes } = this.#scanner;
    return bytes.subarray(this.#start, bytes[this.#next - 1] === LINE_FEED ? this.#next - 1 : this.#next);
  }

  /** Bytes of the line with its line feed. */
  get length(): number {
    return this.#next - this.#start;
  }

  /** Where the next line begins. */
  get next(): number {
    return this.#next;
  }

  /** Reads the line at `start` of `bytes`, which are whole lines but for the last one; false if it is not whole. */
  read(bytes: Uint8Array, start: number): boolean {
    if (bytes !== this.#scanner.bytes) this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (bytes !== this.#scanner.bytes || start !== this.#next) this.#shared.to = this.#shared.from;
    this.#start = start;
    this.isWhole = this.#readUsual(bytes, start) || this.#readAny(bytes, start);
    return this.isWhole;
  }

  /** False for a line that has another form, or that is not whole. */
  #readUsual(bytes: Uint8Array, start: number): boolean {
    const scanner = this.#scanner;
    scanner.start(bytes, start);
    scanner.text(ORDER_ID, this.#id);
    scanner.text(USER, this.#user);
    scanner.text(ITEM, this.#item);
    this.quantity = scanner.number(QUANTITY);
    this.created_at = scanner.number(CREATED_AT);
    this.seq = scanner.number(SEQ);
    this.#readBatch();
    this.offset = scanner.number(OFFSET);
    this.remaining = scanner.number(REMAINING);
    this.#hasReplayOf = bytes[scanner.at + 2] === written.REPLAY_OF[2]; // otherwise it is the seal's
    if (this.#hasReplayOf) scanner.text(REPLAY_OF, this.#replayOf);
    const end = scanner.at + SEAL_LENGTH;
    if (!scanner.isUsual || bytes[end] !== LINE_FEED || !isSealAt(bytes, start, scanner.at)) return false;
    this.#unusual = undefined;
    this.#next = end + 1;
    return true;
  }

  /** Batch, topic and partition; they are hardly ever others than those of the line before. */
  #readBatch(): void {
    const scanner = this.#scanner;
    const shared = this.#shared;
    if (scanner.skipSame(shared)) return;
    shared.from = scanner.at;
    this.batch = scanner.number(BATCH);
    scanner.text(TOPIC, this.#topic);
    this.partition = scanner.number(PARTITION);
    shared.to = scanner.at;
    this.#topicText = undefined;
  }

  #readAny(bytes: Uint8Array, start: number): boolean {
    const end = bytes.indexOf(LINE_FEED, start);
    this.#next = end < 0 ? bytes.length : end + 1;
    this.#shared.to = this.#shared.from;
    this.#unusual = end < 0 ? undefined : parseLogged(bytes.subarray(start, end));
    if (this.#unusual === undefined) return false;
    const { quantity, created_at, seq, batch, partition, offset, remaining } = this.#unusual;
    Object.assign(this, { quantity, created_at, seq, batch, partition, offset, remaining });
    return true;
  }

  #text({ from, to }: Span): string {
    return this.#buffer.toString("utf8", from, to);
  }

  #name({ from, to }: Span): string {
    return (this.#names ??= new NameCache()).read(this.#buffer, from, to);
  }
}
