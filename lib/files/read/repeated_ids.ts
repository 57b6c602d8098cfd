import { HASH_WORDS, newHashKey, sipHash } from "../../sip_hash.ts";

/** Finds ids that occur twice among millions, by sorted hashes of 52 bits; 8 bytes an id. */
export class RepeatedIds {
  #hashes = new Float64Array(1 << 12);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(id: string): void {
    if (this.#size === this.#hashes.length) {
      const larger = new Float64Array(this.#size * 2);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    this.#hashes[this.#size++] = shortHash(id);
  }

  /** Tells the ids that may have occurred twice, to be compared exactly; undefined if none has. */
  candidates(): ((id: string) => boolean) | undefined {
    const sorted = this.#hashes.subarray(0, this.#size).sort();
    const twice = new Set(sorted.filter((hash, index) => index > 0 && hash === sorted[index - 1]));
    return twice.size === 0 ? undefined : (id) => twice.has(shortHash(id));
  }
}

const hashKey = newHashKey();
const hashed = new Uint32Array(HASH_WORDS);

function shortHash(id: string): number {
  sipHash(id, hashKey, hashed);
  return hashed[0] * 2 ** 20 + (hashed[1] >>> 12);
}
