import { Buffer } from "node:buffer";
import { isValidName } from "./order.ts";

/** Names in a table, and bytes of them, above which it is full: 100,000 items and as many users have room. */
const MAX_NAMES = 1 << 18;
const MAX_BYTES = 8 << 20;
const FIRST_NAMES = 1 << 10;
const FIRST_BYTES = 1 << 14;
const SLOTS_PER_NAME = 4;
/** The words of a slot. */
const WORDS = 4;
const NUMBER = 0;
const HASH = 1;
const START = 2;
const END = 3;
/**
 * Slots looked at for a name. One whose bytes were chosen to collide with others gets a new number each time it comes,
 * so nobody can make the search long.
 */
const MAX_PROBES = 16;

/** What is known of a name: a user or an item can be called so; its bytes are its JSON, without the quotes. */
const VALID = 1;
const PLAIN = 2;
const PLAIN_JSON = /^[ !#-[\]-~]*$/;

/**
 * Numbers of names, from 0 on: equal bytes get the same number, nearly always.
 *
 * Users and items recur all the time. Under a number, what is known of one is found by an access to an array, where text
 * has to be made, hashed and compared first: a third of a consumer's time. Two numbers may mean the same user or item,
 * for names are compared in Unicode NFC (`nameKey`). Names come from outside, so whoever adds them replaces a table
 * that {@linkcode isFull}.
 */
export class NameTable {
  #size = 0;
  /**
   * By hash, four words each: number + 1, or 0 where it is free; hash; start and end of the bytes. What a search looks at
   * lies together, for with 100,000 names each look elsewhere waits for memory. A quarter is filled at most.
   */
  #slots = new Int32Array(SLOTS_PER_NAME * FIRST_NAMES * WORDS);
  /** By number. */
  #hashes = new Int32Array(FIRST_NAMES);
  #ends = new Int32Array(FIRST_NAMES);
  #kinds = new Uint8Array(FIRST_NAMES);
  #texts: (string | undefined)[] = [];
  /** The names' bytes, one after the other. */
  #bytes = Buffer.alloc(FIRST_BYTES);

  get size(): number {
    return this.#size;
  }

  /** Whether it is time for another table. */
  get isFull(): boolean {
    return this.#size >= MAX_NAMES || this.startOf(this.#size) >= MAX_BYTES;
  }

  /** The number of the name whose UTF-8 is `bytes[from, to)`; the bytes are copied. */
  numberOf(bytes: Uint8Array, from: number, to: number): number {
    let hash = to - from;
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193);
    hash ^= hash >>> 15;
    const slots = this.#slots;
    const mask = slots.length / WORDS - 1;
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      const at = ((hash + probe) & mask) * WORDS;
      if (slots[at + NUMBER] === 0) break;
      if (slots[at + HASH] === hash && this.#isAt(slots[at + START], slots[at + END], bytes, from, to)) {
        return slots[at + NUMBER] - 1;
      }
    }
    return this.#add(hash, bytes.subarray(from, to));
  }

  /** The number of a name. */
  numberOfText(name: string): number {
    const bytes = Buffer.from(name);
    return this.numberOf(bytes, 0, bytes.length);
  }

  text(number: number): string {
    return this.#texts[number] ??= this.#bytes.toString("utf8", this.startOf(number), this.#ends[number]);
  }

  isValid(number: number): boolean {
    return (this.#kinds[number] & VALID) !== 0;
  }

  /** Whether the name's bytes are its JSON, without the quotes. */
  isPlain(number: number): boolean {
    return (this.#kinds[number] & PLAIN) !== 0;
  }

  /** All names' bytes, until the next name is added: one lies from {@linkcode startOf} to {@linkcode endOf}. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  startOf(number: number): number {
    return number === 0 ? 0 : this.#ends[number - 1];
  }

  endOf(number: number): number {
    return this.#ends[number];
  }

  #isAt(start: number, end: number, bytes: Uint8Array, from: number, to: number): boolean {
    const own = this.#bytes;
    if (end - start !== to - from) return false;
    for (let at = from; at < to; at++) if (own[start + at - from] !== bytes[at]) return false;
    return true;
  }

  #add(hash: number, name: Uint8Array): number {
    const number = this.#size;
    const start = this.startOf(number);
    this.#reserve(start + name.length);
    this.#bytes.set(name, start);
    this.#hashes[number] = hash;
    this.#ends[number] = start + name.length;
    const text = this.#bytes.toString("utf8", start, start + name.length);
    this.#kinds[number] = (isValidName(text) ? VALID : 0) | (PLAIN_JSON.test(text) ? PLAIN : 0);
    this.#place(number);
    this.#size++;
    return number;
  }

  /** Puts a number where it is looked for first, or into the next free slot. */
  #place(number: number): void {
    const slots = this.#slots;
    const mask = slots.length / WORDS - 1;
    const hash = this.#hashes[number];
    let at = (hash & mask) * WORDS;
    for (let probe = 1; probe < MAX_PROBES && slots[at + NUMBER] !== 0; probe++) at = ((hash + probe) & mask) * WORDS;
    slots[at + NUMBER] = number + 1;
    slots[at + HASH] = hash;
    slots[at + START] = this.startOf(number);
    slots[at + END] = this.#ends[number];
  }

  /** Makes room for one more name, the bytes of which end at `end`. */
  #reserve(end: number): void {
    if (end > this.#bytes.length) {
      const bytes = Buffer.alloc(Math.max(2 * this.#bytes.length, end));
      bytes.set(this.#bytes);
      this.#bytes = bytes;
    }
    if (this.#size < this.#hashes.length) return;
    const names = 2 * this.#size;
    this.#hashes = grown(this.#hashes, new Int32Array(names));
    this.#ends = grown(this.#ends, new Int32Array(names));
    this.#kinds = grown(this.#kinds, new Uint8Array(names));
    this.#slots = new Int32Array(SLOTS_PER_NAME * names * WORDS);
    for (let number = 0; number < this.#size; number++) this.#place(number);
  }
}

function grown<T extends Int32Array | Uint8Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}
