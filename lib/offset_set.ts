/** Offsets of one block, one bit each. */
const BLOCK = 1 << 16;

/** A set of offsets of one partition, one bit per offset if they lie close: 1.25 MB for ten million in a row. */
export class OffsetSet {
  readonly #blocks = new Map<number, Uint8Array>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(offset: number): void {
    const block = Math.floor(offset / BLOCK);
    let bits = this.#blocks.get(block);
    if (bits === undefined) this.#blocks.set(block, bits = new Uint8Array(BLOCK / 8));
    const bit = offset % BLOCK;
    if ((bits[bit >> 3] & (1 << (bit & 7))) !== 0) return;
    bits[bit >> 3] |= 1 << (bit & 7);
    this.#size++;
  }

  has(offset: number): boolean {
    const bits = this.#blocks.get(Math.floor(offset / BLOCK));
    const bit = offset % BLOCK;
    return bits !== undefined && (bits[bit >> 3] & (1 << (bit & 7))) !== 0;
  }
}
