import type { Buffer } from "node:buffer";
import { VarintReader } from "../varint_reader.ts";

/** Bytes of the longest long, and of the longest one that a JavaScript number is sure to hold exactly. */
const MAX_LONG_BYTES = 10;
const EXACT_BYTES = 7;
const TOO_LONG = "Not a valid Avro body: a number of more than 64 bits";

/**
 * Reads the Avro body of a message field by field; each read throws if the bytes do not hold such a value.
 *
 * It never reads past the end, and never takes longer than the length of the bytes warrants. avsc takes nine bytes for
 * an array of 2^50 items and is busy for weeks.
 */
export class BodyReader {
  readonly #bytes: Buffer;
  readonly #varints: VarintReader;
  #items = 0;

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    this.#varints = new VarintReader(bytes, start);
  }

  /** Bytes still to be read. */
  get left(): number {
    return this.#bytes.length - this.#varints.at;
  }

  /** Skips `count` bytes. */
  skip(count: number): void {
    if (!(count <= this.left)) throw new Error("Truncated: the Avro body ends early");
    this.#varints.at += count;
  }

  /** Skips a string or bytes and returns the length. */
  skipText(): number {
    const length = this.#varint();
    if (length < 0) throw new Error(`Not a valid Avro body: a length of ${length}`);
    this.skip(length);
    return length;
  }

  text(): string {
    const length = this.skipText();
    const end = this.#varints.at;
    return this.#bytes.toString("utf8", end - length, end);
  }

  skipLong(): void {
    this.#varint();
  }

  /** A long, exactly. */
  long(): number | bigint {
    const start = this.#varints.at;
    const value = this.#varint();
    if (this.#varints.at - start <= EXACT_BYTES) return value;
    let zigzag = 0n;
    for (let at = this.#varints.at; at > start;) zigzag = zigzag << 7n | BigInt(this.#bytes[--at] & 0x7f);
    if (zigzag >> 64n > 0n) throw new Error(TOO_LONG);
    return zigzag & 1n ? ~(zigzag >> 1n) : zigzag >> 1n;
  }

  /** Which of its `count` branches a union value uses. */
  branch(count: number): number {
    const index = this.#varint();
    if (!(index >= 0 && index < count)) {
      throw new Error(`Not a valid Avro body: branch ${index} of a union of ${count}`);
    }
    return index;
  }

  /** The number of items in the next block of an array or a map; 0 after the last block. */
  blockItems(): number {
    let items = this.#varint();
    if (items < 0) {
      items = -items;
      this.skipLong(); // its size in bytes, which may be false
    }
    this.#items += items;
    // Only items of zero bytes, such as null, could be more.
    if (!(this.#items <= this.#bytes.length)) throw new Error("Not a valid Avro body: it has more items than bytes");
    return items;
  }

  /** A number; not exact if it takes more than {@linkcode EXACT_BYTES}. */
  #varint(): number {
    const start = this.#varints.at;
    const value = this.#varints.int();
    if (this.#varints.at - start > MAX_LONG_BYTES) throw new Error(TOO_LONG);
    this.skip(0);
    return value;
  }
}
