import { EXIT, Failure } from "../../errors.ts";
import type { ReceivedOrder } from "../../order.ts";
import type { Verdicts } from "../../verdicts.ts";
import { AppendFile } from "../disk/append_file.ts";
import type { EditNumbers } from "./edit_numbers.ts";
import type { StorageLayout } from "../disk/layout.ts";
import { type LongRead, type ReadBytes, tailStart, visitLines, visitManyLines } from "./lines.ts";
import type { SealedLines } from "./line_writer.ts";
import { type LoggedLine, type LoggedOrder, parseLogged, visitLoggedLines } from "./logged_line.ts";
import { type Acceptance, writeAccepted, writeOrders } from "./order_lines.ts";
import { firstSealEnd, isSealed } from "./sealed_line.ts";

/** Enough to hold the checksum of a line and its line feed. */
const ENDING_BYTES = 24;

/** The log from some line on. */
export interface LogPart {
  /** Byte at which the line starts. */
  from: number;
  /** `seq` of the line before it. */
  afterSeq: number;
  /** How many lines come before it, if known. */
  orders?: number;
}

export const WHOLE_LOG: LogPart = { from: 0, afterSeq: 0, orders: 0 };

/** Where the intact part of the log ends. */
export interface LogEnd {
  /** Byte after the last whole line. */
  length: number;
  /** `seq` of the last whole line, or of the line before the part that was read. */
  seq: number;
}

/**
 * `orders.jsonl`, the write-ahead log: an order is accepted when its whole line is in it and synced.
 * Never rotated, never edited; a line is sealed by a checksum (`sealed_line.ts`). Used under the write lock.
 */
export class OrderLog {
  readonly file: AppendFile;
  readonly #read: ReadBytes;

  constructor(layout: StorageLayout, file: AppendFile = AppendFile.open(layout.orders)) {
    this.file = file;
    this.#read = (...range) => this.file.read(...range);
  }

  close(): void {
    this.file.close();
  }

  /** Throws a {@linkcode Failure} (65) unless the file is as this process left it. */
  requireOurs(): void {
    if (this.file.isOurs()) return;
    throw new Failure(
      EXIT.data,
      `${this.file.path} was replaced or changed by somebody else; nothing was written. ` +
        `Put it back as it was, then start again`,
    );
  }

  /** Appends the accepted orders of a batch, numbered from `firstSeq`; where each line starts. Not durable before `file.sync()`. */
  append(verdicts: Verdicts, firstSeq: number): number[] {
    return this.#append(writeAccepted(verdicts, firstSeq));
  }

  /** The same of orders that another store has accepted. */
  copy(acceptances: readonly Acceptance[], firstSeq: number): void {
    this.#append(writeOrders(acceptances, firstSeq));
  }

  #append({ bytes, starts }: SealedLines): number[] {
    const from = this.file.length;
    this.file.append(bytes);
    return starts.map((start) => from + start);
  }

  /** The accepted order with this id, whose line starts at byte `place`. */
  at(place: number, orderId: string): LoggedOrder {
    let found: LoggedOrder | undefined;
    for (let size = 1024; found === undefined; size *= 4) {
      const end = Math.min(place + size, this.file.length);
      visitLines(this.#read, place, end, (line, _start, whole) => {
        if (whole) found = parseLogged(line);
        return false;
      });
      if (end === this.file.length) break;
    }
    // Another id with the same hash: as unlikely as a disk that invents an order, so it is treated as damage.
    if (found?.order_id !== orderId) throw this.damagedAt(place);
    return found;
  }

  /**
   * Visits the whole lines from the start of `part` on and finds where the intact part of the log ends. A line is valid
   * during the visit.
   *
   * Only an unfinished last batch is torn: from its first bad line on, no line belongs to a later batch. Anything else
   * is damage, a {@linkcode Failure} (65) with nothing touched: a bad line before a later batch, or a gap in the
   * sequence that no edit fills. Of compacted edits only the count is known: a gap among them is noticed by counting
   * the orders.
   */
  async scan(
    { from, afterSeq, orders }: LogPart,
    edits: EditNumbers,
    visit: (line: LoggedLine, start: number) => void,
    wait: LongRead = {},
  ): Promise<LogEnd> {
    const end: LogEnd = { length: from, seq: afterSeq };
    let expected = edits.nextOrder(afterSeq);
    let count = orders ?? NaN;
    let torn = false;
    await visitLoggedLines(this.#read, { from, to: this.file.length }, (line, start) => {
      if (!line.isWhole) {
        torn = true;
        // What the CSV is current to was durable.
        if (!edits.isExactAfter(end.seq) || holdsLaterBatch(line.bytes, expected)) throw this.damagedAt(start);
      } else if (torn) {
        if (line.batch > expected) throw this.damagedAt(end.length);
      } else {
        if (!edits.mayFollow(line, end.seq, expected)) {
          throw damaged(this.file.path, start, `seq ${line.seq} follows ${end.seq}, expected ${expected}`);
        }
        count++;
        if (line.seq === edits.compacted.last_order && count !== edits.compacted.orders && !Number.isNaN(count)) {
          const missing = `${count} lines up to seq ${line.seq}, expected ${edits.compacted.orders}`;
          throw damaged(this.file.path, start, missing);
        }
        end.length = start + line.length;
        end.seq = line.seq;
        visit(line, start);
        expected = edits.nextOrder(line.seq);
      }
    }, wait);
    return end;
  }

  /** The failure for a line that must be whole but is not. */
  damagedAt(place: number): Failure {
    return damagedLine(this.file.path, place);
  }

  /** Compares the lines of `[0, to)` with their checksums without parsing them; the first bad one is damage. */
  async requireWhole(to: number, wait: LongRead): Promise<void> {
    await visitManyLines(this.#read, { from: 0, to }, (line, start, whole) => {
      if (!whole || !isSealed(line)) throw this.damagedAt(start);
    }, wait);
  }

  /** The last bytes before byte `end`, including the checksum of the line that ends there. */
  endingAt(end: number): string {
    const last = this.#read(Math.max(0, end - ENDING_BYTES), Math.min(end, this.file.length));
    return new TextDecoder("latin1").decode(last);
  }

  /** The part to scan to meet every order numbered above `seq`. */
  tail(seq: number): LogPart {
    let afterSeq = 0;
    const from = tailStart(this.#read, this.file.length, (line) => {
      const order = parseLogged(line);
      if (order === undefined || order.seq > seq) return false;
      afterSeq = order.seq;
      return true;
    });
    return from === 0 ? WHOLE_LOG : { from, afterSeq };
  }
}

/** A logged order as it was received. */
export function asReceived({ topic, partition, offset, ...order }: LoggedOrder): ReceivedOrder {
  return { order, at: { topic, partition, offset }, replayOf: order.replay_of };
}

/** Whether a bad line is really two, with a damaged line feed between them, the second from a later batch. */
function holdsLaterBatch(line: Uint8Array, expected: number): boolean {
  const end = firstSealEnd(line);
  const order = end === undefined ? undefined : parseLogged(line.subarray(end + 1));
  return order !== undefined && order.batch > expected;
}

/** The failure for a line of a log that does not match its checksum. */
export function damagedLine(path: string, at: number): Failure {
  return damaged(path, at, "the line does not match its checksum");
}

function damaged(path: string, at: number, what: string): Failure {
  return new Failure(
    EXIT.data,
    `${path} is damaged at byte ${at}: ${what}; nothing was touched. Restore it from a backup together with ` +
      `stock_edits.jsonl, or start over with deno task bootstrap --force`,
  );
}
