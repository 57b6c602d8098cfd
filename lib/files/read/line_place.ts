import type { Coordinates } from "../../order.ts";
import { fragment, SEAL } from "../log/line_writer.ts";
import { unsealLine } from "../log/sealed_line.ts";

const SEAL_LENGTH = SEAL.prefix.length + SEAL.digits + SEAL.suffix.length;
const [ZERO, NINE, QUOTE] = [0x30, 0x39, 0x22];
const REMAINING = fragment(',"remaining":');
const REJECTED_AT = fragment(',"rejected_at":');
const OFFSET = fragment(',"offset":');
const PARTITION = fragment('","partition":');
const TOPIC = fragment(',"topic":"');
const STOCK = fragment(',"stock":');
const REASON = fragment(',"reason":"');

/** Where the record of a line lies, and why it was rejected, where it was. */
export interface LinePlace extends Coordinates {
  /** Empty for an accepted order. */
  reason: string;
}

/**
 * Reads the places of lines from their ends, where the fields that no sender chooses are: counting millions of lines by
 * parsing their JSON would take ten times as long, and leave as much garbage as they are long.
 *
 * The result of a call is reused by the next one.
 */
export class LinePlaces {
  readonly #place: LinePlace = { topic: "", partition: 0, offset: 0, reason: "" };
  #bytes: Uint8Array = new Uint8Array(0);
  /** Where the line starts, and from where on it has been read. */
  #start = 0;
  #at = 0;

  /**
   * The place of the line `[start, end)` of `orders.jsonl` or of `rejected.jsonl`, without its line feed; undefined if it
   * is damaged.
   */
  read(
    kind: "accepted" | "rejected",
    bytes: Uint8Array,
    { start, end }: { start: number; end: number },
  ): LinePlace | undefined {
    this.#bytes = bytes;
    this.#start = start;
    this.#at = end - SEAL_LENGTH;
    const isFound = this.#number(kind === "accepted" ? REMAINING : REJECTED_AT) >= 0 && this.#coordinates();
    if (isFound && (kind === "accepted" || this.#reason())) return this.#place;
    // A replay has one field more, which the sender chose.
    const record = unsealLine(bytes.subarray(start, end)) as Coordinates & { reason?: string } | undefined;
    if (record === undefined) return undefined;
    const { topic, partition, offset, reason = "" } = record;
    return Object.assign(this.#place, { topic, partition, offset, reason });
  }

  #coordinates(): boolean {
    this.#place.offset = this.#number(OFFSET);
    this.#place.partition = this.#number(PARTITION);
    const end = this.#at;
    if (this.#place.offset < 0 || this.#place.partition < 0) return false;
    while (this.#at > this.#start && this.#bytes[this.#at - 1] !== QUOTE) this.#at--;
    const start = this.#at;
    if (!this.#passes(TOPIC)) return false;
    if (!this.#says(this.#place.topic, start, end)) this.#place.topic = this.#text(start, end);
    return true;
  }

  #reason(): boolean {
    this.#number(STOCK); // where it was looked up
    // Before it comes the user's status, any text: but a quote in it has a backslash before it, and no comma.
    let start = this.#at;
    while (start > this.#start && !standsAt(REASON, this.#bytes, start)) start--;
    if (start === this.#start) return false;
    start += REASON.length;
    const end = this.#bytes.indexOf(QUOTE, start);
    if (!this.#says(this.#place.reason, start, end)) this.#place.reason = this.#text(start, end);
    return true;
  }

  /** Passes over a whole number and the `name` before it; -1, and passes over nothing, if there is something else. */
  #number(name: Uint8Array): number {
    const end = this.#at;
    let number = 0;
    for (let scale = 1; this.#at > this.#start; scale *= 10) {
      const digit = this.#bytes[this.#at - 1];
      if (digit < ZERO || digit > NINE) break;
      number += (digit - ZERO) * scale;
      this.#at--;
    }
    if (this.#at < end && this.#passes(name)) return number;
    this.#at = end;
    return -1;
  }

  #passes(name: Uint8Array): boolean {
    const start = this.#at - name.length;
    if (start < this.#start || !standsAt(name, this.#bytes, start)) return false;
    this.#at = start;
    return true;
  }

  /** Whether `[start, end)` is `text`: mostly it is that of the line before. */
  #says(text: string, start: number, end: number): boolean {
    if (text.length !== end - start) return false;
    for (let index = 0; index < text.length; index++) {
      if (this.#bytes[start + index] !== text.charCodeAt(index)) return false;
    }
    return true;
  }

  /** Topics and reasons are ASCII. */
  #text(start: number, end: number): string {
    return String.fromCharCode(...this.#bytes.subarray(start, end));
  }
}

function standsAt(text: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[at + index] !== text[index]) return false;
  return true;
}
