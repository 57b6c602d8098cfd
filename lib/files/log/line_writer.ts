import { crc32 } from "node:zlib";
import { MAX_DIGITS, writeDigits } from "../../digits.ts";

/** Lines as bytes, and the byte at which each of them starts. */
export interface SealedLines {
  bytes: Uint8Array<ArrayBuffer>;
  starts: number[];
}

/** What comes between a line's record and its checksum, and after the checksum. */
export const SEAL = { prefix: ',"crc":"', digits: 8, suffix: '"}' } as const;

const encoder = new TextEncoder();
const PREFIX = fragment(SEAL.prefix);
const SUFFIX = fragment(SEAL.suffix + "\n");
/** Bytes of a new writer's buffer, and of the largest buffer kept for reuse. */
const FIRST_ROOM = 64 << 10;
const KEPT_ROOM = 4 << 20;
/** From this many bytes on, copying by a call is faster than one by one. */
const WORTH_A_CALL = 16;

/** JSON that stays the same from line to line, as bytes. */
export function fragment(json: string): Uint8Array {
  return encoder.encode(json);
}

/**
 * Writes lines of JSON as bytes, each with its checksum.
 *
 * Making JSON text first, then turning it into bytes and finding its line feeds, takes twice the time and leaves five
 * times its size for the garbage collector: a fifth of a consumer's time.
 */
export class LineWriter {
  #bytes = new Uint8Array(FIRST_ROOM);
  #at = 0;
  #starts: number[] = [];
  /** Where the current line starts. */
  #start = 0;

  /** Raw JSON from {@linkcode fragment}. */
  raw(json: Uint8Array): void {
    this.#reserve(json.length);
    if (json.length >= WORTH_A_CALL) this.#bytes.set(json, this.#at);
    else for (let index = 0; index < json.length; index++) this.#bytes[this.#at + index] = json[index];
    this.#at += json.length;
  }

  /** Raw JSON. */
  text(json: string): void {
    this.#reserve(json.length * 3);
    this.#at += encoder.encodeInto(json, this.#bytes.subarray(this.#at)).written;
  }

  /** A string in quotes; through `toJson` if it needs escapes. */
  string(value: string, toJson: (value: string) => string = JSON.stringify): void {
    this.#reserve(value.length + 2);
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = QUOTE;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (!isPlain(code)) return this.text(toJson(value));
      bytes[at++] = code;
    }
    bytes[at++] = QUOTE;
    this.#at = at;
  }

  /** A string in quotes, whose UTF-8 is `bytes[from, to)` and needs no escapes. */
  plain(bytes: Uint8Array, from: number, to: number): void {
    this.#reserve(to - from + 2);
    const own = this.#bytes;
    let at = this.#at;
    own[at++] = QUOTE;
    for (let index = from; index < to; index++) own[at++] = bytes[index];
    own[at++] = QUOTE;
    this.#at = at;
  }

  /** A number; faster for exact integers. */
  number(value: number): void {
    if (!Number.isSafeInteger(value)) return this.text(JSON.stringify(value));
    this.#reserve(1 + MAX_DIGITS);
    if (value < 0) this.#bytes[this.#at++] = MINUS;
    this.#at = writeDigits(Math.abs(value), this.#bytes, this.#at);
  }

  /** Ends the line with its checksum. */
  seal(): void {
    const sum = crc32(this.#bytes.subarray(this.#start, this.#at));
    this.raw(PREFIX);
    this.#reserve(SEAL.digits);
    for (let shift = 28; shift >= 0; shift -= 4) {
      const digit = (sum >>> shift) & 15;
      this.#bytes[this.#at++] = digit < 10 ? ZERO + digit : LETTERS + digit;
    }
    this.raw(SUFFIX);
    this.#starts.push(this.#start);
    this.#start = this.#at;
  }

  /** The lines sealed since the last call; their bytes are valid until more is written. */
  take(): SealedLines {
    const lines = { bytes: this.#bytes.subarray(0, this.#start), starts: this.#starts };
    if (this.#bytes.length > KEPT_ROOM) this.#bytes = new Uint8Array(FIRST_ROOM);
    this.#at = this.#start = 0;
    this.#starts = [];
    return lines;
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + count));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
  }
}

const ZERO = 0x30;
const LETTERS = 0x57; // so that 10 is an "a"
const MINUS = 0x2d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Whether a character needs no escape in JSON and is one byte. */
function isPlain(code: number): boolean {
  return code >= 0x20 && code < 0x7f && code !== QUOTE && code !== BACKSLASH;
}
