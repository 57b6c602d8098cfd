import { createHash } from "node:crypto";

/** Rows that one block of identities holds; blocks are added, never copied, so growth does not double the memory. */
const BLOCK = 1 << 16;
const WORDS = 4;
/** Slots filled before the table of slots grows. */
const MAX_LOAD = 0.75;

/**
 * Which `order_id` was accepted, and where its line starts in the log.
 *
 * Ids are kept as the first 128 bits of their SHA-256, 24 bytes with the place plus a 4-byte slot at 37-75% load:
 * 29-35 bytes an order whatever the length of its id. A hit is confirmed against the line itself by the caller.
 */
export class IdentityIndex {
  readonly #hashes: Uint32Array[] = [];
  readonly #places: Float64Array[] = [];
  /** Row + 1 of each slot, 0 where it is free; open addressing, linear probing. */
  #slots = new Uint32Array(1 << 10);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Byte offset of the line of the accepted order, or undefined where there is none. */
  find(orderId: string): number | undefined {
    const row = this.#slots[this.#slotOf(hash(orderId))] - 1;
    return row < 0 ? undefined : this.#places[row / BLOCK | 0][row % BLOCK];
  }

  /** Remembers an accepted order; an id that is there already keeps its first place. */
  add(orderId: string, place: number): void {
    const words = hash(orderId);
    const slot = this.#slotOf(words);
    if (this.#slots[slot] !== 0) return;
    const row = this.#size++;
    if (row % BLOCK === 0) {
      this.#hashes.push(new Uint32Array(BLOCK * WORDS));
      this.#places.push(new Float64Array(BLOCK));
    }
    this.#hashes[row / BLOCK | 0].set(words, (row % BLOCK) * WORDS);
    this.#places[row / BLOCK | 0][row % BLOCK] = place;
    this.#slots[slot] = row + 1;
    if (this.#size > this.#slots.length * MAX_LOAD) this.#grow();
  }

  /** The slot that holds the hash, or the free one where it belongs. */
  #slotOf(words: Uint32Array): number {
    const mask = this.#slots.length - 1;
    for (let slot = words[0] & mask;; slot = (slot + 1) & mask) {
      const row = this.#slots[slot] - 1;
      if (row < 0 || this.#isAt(row, words)) return slot;
    }
  }

  #isAt(row: number, words: Uint32Array): boolean {
    const block = this.#hashes[row / BLOCK | 0];
    const at = (row % BLOCK) * WORDS;
    return block[at] === words[0] && block[at + 1] === words[1] && block[at + 2] === words[2] &&
      block[at + 3] === words[3];
  }

  #grow(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let row = 0; row < this.#size; row++) {
      let slot = this.#hashes[row / BLOCK | 0][(row % BLOCK) * WORDS] & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = row + 1;
    }
    this.#slots = slots;
  }
}

function hash(orderId: string): Uint32Array {
  const digest = createHash("sha256").update(orderId, "utf8").digest();
  return new Uint32Array(digest.buffer.slice(digest.byteOffset, digest.byteOffset + WORDS * 4));
}
