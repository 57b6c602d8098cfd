import { viewOf } from "../../view_of.ts";

/** Where a text lies among bytes. */
export class Span {
  from = 0;
  to = 0;
  isAscii = true;
}

/** The beginning of a field up to its value, of four bytes at least, to be compared four bytes at a time. */
export class FieldStart {
  readonly length: number;
  /** The last word ends with the beginning, so it may overlap the one before it. */
  readonly words: Int32Array;

  constructor(bytes: Uint8Array) {
    const view = viewOf(bytes);
    const places = Array.from({ length: Math.ceil(bytes.length / 4) }, (_, word) => 4 * word);
    this.length = bytes.length;
    this.words = Int32Array.from(places, (place) => view.getInt32(Math.min(place, bytes.length - 4), true));
  }
}

/** Any integer of so many digits is exact. */
const MAX_DIGITS = 15;

/**
 * Reads the fields of lines of JSON in the form that `LineWriter` gives them: no blanks, no escapes, numbers whole and
 * without a sign. At anything else it notes that the line is unusual, and reads on somehow, never beyond the bytes.
 */
export class FieldScanner {
  bytes: Uint8Array = new Uint8Array(0);
  /** The same bytes: a view reads four at once. */
  view: DataView = viewOf(this.bytes);
  /** The next byte to be read. */
  at = 0;
  isUsual = true;

  /** Starts a line at byte `at`. */
  start(bytes: Uint8Array, at: number): void {
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.view = viewOf(bytes);
    }
    this.at = at;
    this.isUsual = true;
  }

  /** A field whose value is a text. */
  text(field: FieldStart, span: Span): void {
    this.#skip(field);
    const bytes = this.bytes;
    let at = this.at;
    if (bytes[at++] !== QUOTE) this.isUsual = false;
    span.from = at;
    let all = 0;
    while (bytes[at] !== QUOTE && bytes[at] >= SPACE && bytes[at] !== BACKSLASH) all |= bytes[at++];
    if (bytes[at] !== QUOTE) this.isUsual = false;
    span.to = at;
    span.isAscii = all < 0x80;
    this.at = at + 1;
  }

  /** A field whose value is a number. */
  number(field: FieldStart): number {
    this.#skip(field);
    const { bytes, view } = this;
    const from = this.at;
    let at = from;
    let number = 0;
    while (at + 4 <= view.byteLength) {
      const four = fourDigits(view.getInt32(at, true));
      if (four < 0) break;
      number = number * 10_000 + four;
      at += 4;
    }
    while (bytes[at] >= ZERO && bytes[at] <= NINE) number = number * 10 + bytes[at++] - ZERO;
    const digits = at - from;
    if (digits === 0 || digits > MAX_DIGITS || (digits > 1 && bytes[from] === ZERO)) this.isUsual = false;
    this.at = at;
    return number;
  }

  /** Skips bytes that are the same as those of a span, four or more, that was read before; false if they are others. */
  skipSame({ from, to }: Span): boolean {
    const { view, at } = this;
    const end = at + to - from;
    if (to - from < 4 || end > view.byteLength) return false;
    let difference = view.getInt32(end - 4, true) ^ view.getInt32(to - 4, true);
    for (let byte = 0; byte < to - from - 4; byte += 4) {
      difference |= view.getInt32(at + byte, true) ^ view.getInt32(from + byte, true);
    }
    if (difference !== 0) return false;
    this.at = end;
    return true;
  }

  #skip({ words, length }: FieldStart): void {
    const from = this.at;
    this.at = from + length;
    if (this.at > this.view.byteLength) {
      this.isUsual = false;
      return;
    }
    const last = words.length - 1;
    let difference = this.view.getInt32(this.at - 4, true) ^ words[last];
    for (let word = 0; word < last; word++) difference |= this.view.getInt32(from + 4 * word, true) ^ words[word];
    if (difference !== 0) this.isUsual = false;
  }
}

/** The value of four bytes, the first one lowest, if they are digits; else -1. One by one they take twice the time. */
function fourDigits(bytes: number): number {
  const digits = bytes - 0x30303030 | 0;
  // The lowest byte that is no digit has its upper bit set in one of them: those below it carry and borrow nothing.
  if (((digits | digits + 0x76767676) & 0x80808080) !== 0) return -1;
  const pairs = Math.imul(digits, 10) + (digits >>> 8);
  return (pairs & 0xff) * 100 + (pairs >>> 16 & 0xff);
}

const SPACE = 0x20;
const QUOTE = 0x22;
const ZERO = 0x30;
const NINE = 0x39;
const BACKSLASH = 0x5c;
