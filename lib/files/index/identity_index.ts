import type { OrderColumns } from "../../order_columns.ts";
import { HASH_WORDS as WORDS, type HashKey, newHashKey, sipHash, sipHashBytes } from "../../sip_hash.ts";

/** Rows per block of identities; blocks are added, never copied, so growth does not double the memory. */
const BLOCK = 1 << 16;
/** Share of slots filled before the table of slots grows. */
const MAX_LOAD = 0.8;
const TWO_32 = 2 ** 32;

/** Identities of up to {@linkcode BLOCK} orders, in the order they were added. */
interface Block {
  /** Four words each. */
  hashes: Uint32Array<ArrayBuffer>;
  /** Byte offsets in two parts, 48 bits in all: enough for a log of 256 TB. */
  low: Uint32Array<ArrayBuffer>;
  high: Uint16Array<ArrayBuffer>;
}

/**
 * Which `order_id` was accepted, and where its line starts in the log.
 *
 * Ids are kept as hashes of 128 bits under a secret key: 22 bytes with the byte offset of the line. With a 4-byte slot
 * at 40-80% load that is 27-32 bytes per order, whatever the length of its id. The caller confirms a hit against the
 * line itself.
 */
export class IdentityIndex {
  /** The key of the hashes; saved with them. */
  readonly key: HashKey;
  readonly #blocks: Block[] = [];
  /**
   * Open addressing with linear probing. A slot holds row + 1 in its lower bits and some bits of the hash in the upper
   * ones, so that the row of another hash is hardly ever looked at; a free slot is 0.
   */
  #slots = new Uint32Array(1 << 10);
  #size = 0;
  /** How many of the rows have a slot. */
  #settled = 0;
  /** The hash of a single id. */
  readonly #hash = new Uint32Array(WORDS);
  /** The hashes of the batch that was looked up last, and the slot of each. */
  #hashes = new Uint32Array(0);
  #found = new Uint32Array(0);
  /** The number of slots at the time. */
  #slotCount = 0;

  constructor(key: HashKey = newHashKey()) {
    this.key = key;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Looks up the ids of a batch ahead of {@linkcode placeOf} and {@linkcode addRow}.
   *
   * Slots lie far apart in memory. Looked up one by one, the processor waits for each; in one loop it fetches several
   * at once, which takes a third of the time.
   */
  lookUp(orders: OrderColumns): void {
    const hashes = this.#hashes = orders.hashes(this.key);
    if (orders.length > this.#found.length) this.#found = new Uint32Array(orders.length);
    const found = this.#found;
    for (let row = 0; row < orders.length; row++) found[row] = this.#slotOf(hashes, row * WORDS);
    this.#slotCount = this.#slots.length;
  }

  /** Byte offset of the line of the order that was accepted under the id of a row; undefined if there is none. */
  placeOf(row: number): number | undefined {
    return this.#placeIn(this.#slotAgain(row));
  }

  /** Remembers the order of a row as accepted; an id that is already there keeps its first byte offset. */
  addRow(row: number, place: number): void {
    this.#add(this.#slotAgain(row), this.#hashes, row * WORDS, place);
  }

  /** Byte offset of the accepted order's line, or undefined if there is none. */
  find(orderId: string): number | undefined {
    sipHash(orderId, this.key, this.#hash);
    return this.#placeIn(this.#slotOf(this.#hash, 0));
  }

  /** Remembers an accepted order; an id that is already there keeps its first byte offset. */
  add(orderId: string, place: number): void {
    sipHash(orderId, this.key, this.#hash);
    this.#add(this.#slotOf(this.#hash, 0), this.#hash, 0, place);
  }

  /**
   * Notes an accepted order of the log by the UTF-8 of its id, `bytes[from, to)`. It counts after {@linkcode settle}:
   * giving slots to all at once, in a table that is large enough, takes a fraction of the time.
   */
  note({ bytes, from, to }: { bytes: DataView; from: number; to: number }, place: number): void {
    sipHashBytes(bytes, from, to, this.key, this.#hash);
    this.#addIdentity(this.#hash, 0, place);
  }

  /** Makes what was noted known to the other methods, which must not be called in between. */
  settle(): void {
    this.#fillSlots(this.#settled);
  }

  /**
   * Rows and slots as chunks of bytes for {@linkcode IdentityIndex.fromBytes}, in this machine's byte order.
   *
   * Slots could be computed again, but that jumps all over memory: a second for ten million.
   */
  *toBytes(): Generator<Uint8Array<ArrayBuffer>> {
    for (const [index, { hashes, low, high }] of this.#blocks.entries()) {
      const rows = Math.min(BLOCK, this.#size - index * BLOCK);
      yield bytesOf(hashes.subarray(0, rows * WORDS));
      yield bytesOf(low.subarray(0, rows));
      yield bytesOf(high.subarray(0, rows));
    }
    yield bytesOf(this.#slots);
  }

  /** The index of `size` rows from the bytes that `read` fills into the array it is given. */
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
    index.#size = index.#settled = size;
    index.#slots = new Uint32Array(slotsFor(size, index.#slots.length));
    read(bytesOf(index.#slots));
    return index;
  }

  /** The slot of a row. One that was free may be taken by now; then the right one comes after it, unless the table grew. */
  #slotAgain(row: number): number {
    const first = this.#slotCount === this.#slots.length ? this.#found[row] : undefined;
    return this.#slotOf(this.#hashes, row * WORDS, first);
  }

  #placeIn(slot: number): number | undefined {
    const row = this.#rowAt(slot);
    if (row < 0) return undefined;
    const { low, high } = this.#blocks[row / BLOCK | 0];
    return high[row % BLOCK] * TWO_32 + low[row % BLOCK];
  }

  #add(slot: number, words: Uint32Array, at: number, place: number): void {
    if (this.#slots[slot] !== 0) return;
    const row = this.#addIdentity(words, at, place);
    this.#slots[slot] = entry(row, words[at + 1], this.#slots.length);
    this.#fillSlots(this.#size);
  }

  /** Adds the identity whose hash is at `words[at]`, without a slot. */
  #addIdentity(words: Uint32Array, at: number, place: number): number {
    const row = this.#size++;
    if (row % BLOCK === 0) this.#blocks.push(emptyBlock());
    const { hashes, low, high } = this.#blocks[row / BLOCK | 0];
    const start = (row % BLOCK) * WORDS;
    for (let word = 0; word < WORDS; word++) hashes[start + word] = words[at + word];
    low[row % BLOCK] = place % TWO_32;
    high[row % BLOCK] = place / TWO_32;
    return row;
  }

  /** The slot of the hash at `words[at]`, or the free one where it belongs; the search begins at `first`. */
  #slotOf(words: Uint32Array, at: number, first = words[at] & (this.#slots.length - 1)): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const tag = words[at + 1];
    for (let slot = first;; slot = (slot + 1) & mask) {
      const found = slots[slot];
      if (found === 0) return slot;
      if (((found ^ tag) & ~mask) === 0 && this.#isAt(this.#rowAt(slot), words, at)) return slot;
    }
  }

  /** The row of a slot, -1 if it is free. */
  #rowAt(slot: number): number {
    return (this.#slots[slot] & (this.#slots.length - 1)) - 1;
  }

  #isAt(row: number, words: Uint32Array, at: number): boolean {
    const { hashes } = this.#blocks[row / BLOCK | 0];
    const start = (row % BLOCK) * WORDS;
    return hashes[start] === words[at] && hashes[start + 1] === words[at + 1] &&
      hashes[start + 2] === words[at + 2] && hashes[start + 3] === words[at + 3];
  }

  /** Gives slots to the rows from `first` on, and to all of them anew if the table has to grow. */
  #fillSlots(first: number): void {
    const length = slotsFor(this.#size, this.#slots.length);
    if (length > this.#slots.length) {
      this.#slots = new Uint32Array(length);
      first = 0;
    }
    const slots = this.#slots;
    const mask = length - 1;
    for (let row = first; row < this.#size; row++) {
      const { hashes } = this.#blocks[row / BLOCK | 0];
      const at = (row % BLOCK) * WORDS;
      let slot = hashes[at] & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry(row, hashes[at + 1], length);
    }
    this.#settled = this.#size;
  }
}

/** The length of a table of slots for so many rows that has at least `length`. */
function slotsFor(rows: number, length: number): number {
  while (rows > length * MAX_LOAD) length *= 2;
  return length;
}

/** The content of a slot for a row. There are fewer rows than slots, so a row fits into the lower bits. */
function entry(row: number, tag: number, slots: number): number {
  return (tag & -slots) | (row + 1);
}

function emptyBlock(): Block {
  return { hashes: new Uint32Array(BLOCK * WORDS), low: new Uint32Array(BLOCK), high: new Uint16Array(BLOCK) };
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>) {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
