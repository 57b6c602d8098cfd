/** One bit for each of these: 16 MiB, so that beside ten million ids one in fourteen others is taken for one of them. */
const BITS = 2 ** 27;

/**
 * A set of ids that never misses one of them, and now and then takes another one for it. Its size does not depend on
 * their number.
 */
export class IdFilter {
  readonly #bits = new Uint32Array(BITS / 32);

  add(orderId: string): void {
    const bit = bitOf(orderId);
    this.#bits[bit >>> 5] |= 1 << (bit & 31);
  }

  mayHave(orderId: string): boolean {
    const bit = bitOf(orderId);
    return (this.#bits[bit >>> 5] & (1 << (bit & 31))) !== 0;
  }
}

/** FNV-1a, stirred so that the upper bits count as well. */
function bitOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) % BITS;
}
