import type { Buffer } from "node:buffer";

const SLOTS = 1 << 17;
/** Bytes of the longest name kept; together they take 12 MB at most. */
const MAX_KEPT = 64;

/**
 * Turns bytes into text, equal bytes into the same string. In a log users and items recur all the time, and reusing a
 * string takes a fraction of the time of creating, hashing and collecting it. Names come from outside, so the cache is
 * bounded.
 */
export class NameCache {
  readonly #names: string[] = new Array(SLOTS).fill("");

  /** The text of `bytes[from, to)`, which is UTF-8. */
  read(bytes: Buffer, from: number, to: number): string {
    if (to - from > MAX_KEPT) return bytes.toString("utf8", from, to);
    let hash = 0;
    for (let at = from; at < to; at++) hash = Math.imul(hash, 31) + bytes[at];
    const slot = hash & (SLOTS - 1);
    const known = this.#names[slot];
    if (isText(known, bytes, from, to)) return known;
    const name = bytes.toString("utf8", from, to);
    if (isAscii(name, to - from)) this.#names[slot] = name;
    return name;
  }
}

/** Whether a text decoded from this many bytes is ASCII: only then do its characters equal its bytes. */
function isAscii(text: string, bytes: number): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) >= 0x80) return false;
  return text.length === bytes;
}

/** Whether the bytes are the characters of `text`, which is ASCII. */
function isText(text: string, bytes: Buffer, from: number, to: number): boolean {
  if (text.length !== to - from) return false;
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) !== bytes[from + index]) return false;
  return true;
}
