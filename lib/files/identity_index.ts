import { HASH_WORDS as WORDS, type HashKey, newHashKey, sipHash } from "./sip_hash.ts";

/** Rows that one block of identities holds; blocks are added, never copied, so growth does not double the memory. */
const BLOCK = 1 << 16;
/** Slots filled before the table of slots grows. */
const MAX_LOAD = 0.8;
const TWO_32 = 2 ** 32;

/** Identities of up to {@linkcode BLOCK} orders, in the order they were added. */
interface Block {
  /** Four words each. */
  hashes: Uint32Array<ArrayBuffer>;
  /** Places in two parts, 48 bits: a log of 256 TB. */
  low: Uint32Array<ArrayBuffer>;
  high: Uint16Array<ArrayBuffer>;
}

/**
 * Which `order_id` was accepted, and where its line starts in the log.
 *
 * Ids are kept as hashes of 128 bits under a secret key: 22 bytes with the place, and a 4-byte slot at 40-80% load make
 * 27-32 bytes an order whatever the length of its id. A hit is confirmed against the line itself by the caller.
 */
export class IdentityIndex {
  /** What the hashes are made with; goes with the bytes. */
  readonly key: HashKey;
  readonly #blocks: Block[] = [];
  /**
   * Open addressing with linear probing. A slot holds its row + 1 in the bits below its number of slots, and in those
   * above bits of the hash, so that a row of another hash is hardly ever looked at; 0 where it is free.
   */
  #slots = new Uint32Array(1 << 10);
  #size = 0;
  /** The hash that is looked for right now. */
  readonly #hash = new Uint32Array(WORDS);
  readonly #asked = new AskedIds();

  constructor(key: HashKey = newHashKey()) {
    this.key = key;
  }

  get size(): number {
    return this.#size;
  }

  /** Byte offset of the line of the accepted order, or undefined where there is none. */
  find(orderId: string): number | undefined {
    sipHash(orderId, this.key, this.#hash);
    const row = this.#rowAt(this.#slotOfHash());
    if (row < 0) {
      this.#asked.push(orderId, this.#hash);
      return undefined;
    }
    const { low, high } = this.#blocks[row / BLOCK | 0];
    return high[row % BLOCK] * TWO_32 + low[row % BLOCK];
  }

  /** Remembers an accepted order; an id that is there already keeps its first place. */
  add(orderId: string, place: number): void {
    if (!this.#asked.take(orderId, this.#hash)) sipHash(orderId, this.key, this.#hash);
    const slot = this.#slotOfHash();
    if (this.#slots[slot] !== 0) return;
    const row = this.#size++;
    if (row % BLOCK === 0) this.#blocks.push(emptyBlock());
    const { hashes, low, high } = this.#blocks[row / BLOCK | 0];
    hashes.set(this.#hash, (row % BLOCK) * WORDS);
    low[row % BLOCK] = place % TWO_32;
    high[row % BLOCK] = place / TWO_32;
    this.#slots[slot] = entry(row, this.#hash[1], this.#slots.length);
    if (this.#size > this.#slots.length * MAX_LOAD) this.#rehash(this.#slots.length * 2);
  }

  /** Begins with another batch: what was asked for so far will not be added any more. */
  forgetAsked(): void {
    this.#asked.clear();
  }

  /** The rows as bytes, in pieces, for {@linkcode IdentityIndex.fromBytes}; in the byte order of this machine. */
  *toBytes(): Generator<Uint8Array<ArrayBuffer>> {
    for (const [index, { hashes, low, high }] of this.#blocks.entries()) {
      const rows = Math.min(BLOCK, this.#size - index * BLOCK);
      yield bytesOf(hashes.subarray(0, rows * WORDS));
      yield bytesOf(low.subarray(0, rows));
      yield bytesOf(high.subarray(0, rows));
    }
  }

  /** The index of `size` rows whose bytes `read` hands out, filling the array it is given. */
  static fromBytes(size: number, key: HashKey, read: (into: Uint8Array<ArrayBuffer>) => void): IdentityIndex {
    const index = new IdentityIndex(key);
    for (let done = 0; done < size; done += BLOCK) {
      const block = emptyBlock();
      const rows = Math.min(BLOCK, size - done);
      read(bytesOf(block.hashes.subarray(0, rows * WORDS)));
      read(bytesOf(block.low.subarray(0, rows)));
      read(bytesOf(block.high.subarray(0, rows)));
      index.#blocks.push(block);
    }
    index.#size = size;
    let slots = index.#slots.length;
    while (size > slots * MAX_LOAD) slots *= 2;
    index.#rehash(slots);
    return index;
  }

  /** The slot that holds the hash, or the free one where it belongs. */
  #slotOfHash(): number {
    const mask = this.#slots.length - 1;
    const slots = this.#slots;
    const tag = this.#hash[1];
    for (let slot = this.#hash[0] & mask;; slot = (slot + 1) & mask) {
      const found = slots[slot];
      if (found === 0) return slot;
      if (((found ^ tag) & ~mask) === 0 && this.#isAt(this.#rowAt(slot))) return slot;
    }
  }

  /** The row of a slot, -1 where it is free. */
  #rowAt(slot: number): number {
    return (this.#slots[slot] & (this.#slots.length - 1)) - 1;
  }

  #isAt(row: number): boolean {
    const { hashes } = this.#blocks[row / BLOCK | 0];
    const words = this.#hash;
    const at = (row % BLOCK) * WORDS;
    return hashes[at] === words[0] && hashes[at + 1] === words[1] && hashes[at + 2] === words[2] &&
      hashes[at + 3] === words[3];
  }

  #rehash(length: number): void {
    const slots = new Uint32Array(length);
    const mask = length - 1;
    for (let row = 0; row < this.#size; row++) {
      const { hashes } = this.#blocks[row / BLOCK | 0];
      const at = (row % BLOCK) * WORDS;
      let slot = hashes[at] & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry(row, hashes[at + 1], length);
    }
    this.#slots = slots;
  }
}

/** What a slot holds for a row. There are fewer rows than slots, so they fit below. */
function entry(row: number, tag: number, slots: number): number {
  return (tag & -slots) | (row + 1);
}

/**
 * The ids that were asked for in this batch and not found, with their hashes: most are added soon, in the same order,
 * and hashing is a tenth of a consumer's time.
 */
class AskedIds {
  readonly #ids: string[] = [];
  #hashes = new Uint32Array(1 << 10);
  /** How many of them were taken, or passed over. */
  #taken = 0;

  push(orderId: string, hash: Uint32Array): void {
    const at = this.#ids.push(orderId) * WORDS;
    if (at > this.#hashes.length) {
      const larger = new Uint32Array(this.#hashes.length * 2);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    this.#hashes.set(hash, at - WORDS);
  }

  /** Finds the hash of an id that was asked for after the last one taken. */
  take(orderId: string, hash: Uint32Array): boolean {
    while (this.#taken < this.#ids.length) {
      const at = this.#taken++;
      if (this.#ids[at] !== orderId) continue;
      for (let word = 0; word < WORDS; word++) hash[word] = this.#hashes[at * WORDS + word];
      return true;
    }
    return false;
  }

  clear(): void {
    this.#ids.length = 0;
    this.#taken = 0;
  }
}

function emptyBlock(): Block {
  return { hashes: new Uint32Array(BLOCK * WORDS), low: new Uint32Array(BLOCK), high: new Uint16Array(BLOCK) };
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>) {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
