import { HASH_WORDS, newHashKey, sipHash, sipHashBytes } from "../../sip_hash.ts";

const BITS = 52;
/** Hashes per block; blocks are added, never copied. */
const BLOCK = 1 << 16;
/** Hashes sorted together, about: so many stay in the processor's cache, and sorting all takes half the time. */
const SORTED = 512;

/** Finds ids that occur twice among millions, by sorted hashes of 52 bits: 8 bytes an id, and 16 in the end. */
export class RepeatedIds {
  readonly #blocks: Float64Array[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The id whose UTF-8 is `bytes[from, to)`. */
  add({ bytes, from, to }: { bytes: DataView; from: number; to: number }): void {
    const at = this.#size++ % BLOCK;
    if (at === 0) this.#blocks.push(new Float64Array(BLOCK));
    sipHashBytes(bytes, from, to, hashKey, hashed);
    this.#blocks[this.#blocks.length - 1][at] = shortened();
  }

  /** Tells the ids that may have occurred twice, to be compared exactly; undefined if none has. */
  candidates(): ((id: string) => boolean) | undefined {
    const twice = new Set<number>();
    for (const part of this.#parts()) {
      part.sort();
      for (let at = 1; at < part.length; at++) if (part[at] === part[at - 1]) twice.add(part[at]);
    }
    if (twice.size === 0) return undefined;
    return (id) => {
      sipHash(id, hashKey, hashed);
      return twice.has(shortened());
    };
  }

  /** The hashes, those with the same upper bits together. */
  *#parts(): Generator<Float64Array> {
    const count = 2 ** Math.max(0, Math.ceil(Math.log2(this.#size / SORTED)));
    const scale = count / 2 ** BITS;
    const blocks = this.#blocks.map((block, index) => block.subarray(0, this.#size - index * BLOCK));
    const ends = new Uint32Array(count);
    for (const block of blocks) for (let at = 0; at < block.length; at++) ends[block[at] * scale | 0]++;
    for (let part = 1; part < count; part++) ends[part] += ends[part - 1];
    const starts = ends.slice();
    const all = new Float64Array(this.#size);
    for (const block of blocks) {
      for (let at = 0; at < block.length; at++) all[--starts[block[at] * scale | 0]] = block[at];
    }
    for (let part = 0; part < count; part++) yield all.subarray(starts[part], ends[part]);
  }
}

const hashKey = newHashKey();
const hashed = new Uint32Array(HASH_WORDS);

/** The hash that was made last, in 52 bits. */
function shortened(): number {
  return hashed[0] * 2 ** 20 + (hashed[1] >>> 12);
}
