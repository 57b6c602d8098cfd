import type { Buffer } from "node:buffer";

/** Reads the building blocks of Kafka's records and of Avro: zigzag varints, and bytes preceded by their length. */
export class VarintReader {
  /** Where the next read begins; beyond the end once something was cut short. */
  at: number;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** A number of up to 53 bits; beyond 28 bits by multiplication, because shifts end at 32. */
  int(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.at++];
    let value = byte & 0x7f;
    let shift = 7;
    while (byte >= 0x80) {
      byte = bytes[this.at++];
      if (shift < 28) value |= (byte & 0x7f) << shift;
      else value += (byte & 0x7f) * 2 ** shift;
      shift += 7;
    }
    if (shift <= 28) return (value >>> 1) ^ -(value & 1);
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** The next bytes, as a view; null if their length is -1. */
  bytes(): Buffer | null {
    const length = this.int();
    if (length < 0) return null;
    const start = this.at;
    this.at = start + length;
    return this.#bytes.subarray(start, this.at);
  }

  /** Skips the next bytes. */
  skip(): void {
    const length = this.int();
    if (length > 0) this.at += length;
  }

  /** The bytes at `at`; the reader does not move. */
  bytesAt(at: number): Buffer | null {
    const next = this.at;
    this.at = at;
    const bytes = this.bytes();
    this.at = next;
    return bytes;
  }
}
