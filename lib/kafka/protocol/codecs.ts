import { Buffer } from "node:buffer";
import { constants, gunzipSync, zstdDecompressSync } from "node:zlib";
import lz4 from "lz4js";
import snappy from "snappyjs";

/**
 * The most bytes a batch may decompress to. Producers put at most 1 MiB into a batch by default, measured before they
 * compress it (Java's `max.request.size`, librdkafka's `message.max.bytes`); 412 KB of gzip can hold 874 MB.
 */
export const MAX_DECOMPRESSED_BYTES = 8 << 20;

/** The batch holds more than it may. */
export class DecompressedTooLarge extends Error {
  constructor() {
    super(`it decompresses to more than ${MAX_DECOMPRESSED_BYTES} bytes`);
  }
}

/** How the records of a batch are compressed, by the number in the record format (attributes, bits 0-2). */
const CODECS: Readonly<Record<number, (bytes: Buffer, most: number) => Uint8Array>> = {
  1: (bytes, most) => gunzipSync(bytes, { maxOutputLength: most }),
  2: unsnap,
  3: unlz4,
  4: (bytes, most) => {
    // A window above 8 MiB would be allocated before a byte is written.
    const params = { [constants.ZSTD_d_windowLogMax]: 23 };
    return zstdDecompressSync(bytes, { maxOutputLength: most, params });
  },
};

/** The records of a batch as they were before `codec`; {@linkcode DecompressedTooLarge} beyond `most` bytes. */
export function decompress(codec: number, bytes: Buffer, most = MAX_DECOMPRESSED_BYTES): Buffer {
  const undo = CODECS[codec];
  if (undo === undefined) throw new Error(`no such codec as ${codec}`);
  try {
    const found = undo(bytes, most);
    return Buffer.from(found.buffer, found.byteOffset, found.byteLength);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") {
      throw new DecompressedTooLarge();
    }
    throw error;
  }
}

// Java frames its blocks (snappy-java's SnappyOutputStream): this magic, two version numbers, then blocks, each
// preceded by its length.
const XERIAL = Buffer.from([0x82, ...Buffer.from("SNAPPY"), 0]);
const XERIAL_HEADER_BYTES = 16;
const LENGTH_BYTES = 4;

function unsnap(bytes: Buffer, most: number): Uint8Array {
  if (!bytes.subarray(0, XERIAL.length).equals(XERIAL)) return unsnapBlock(bytes, most);
  const blocks: Uint8Array[] = [];
  let left = most;
  for (let at = XERIAL_HEADER_BYTES; at + LENGTH_BYTES <= bytes.length;) {
    const end = at + LENGTH_BYTES + bytes.readUInt32BE(at);
    const block = unsnapBlock(bytes.subarray(at + LENGTH_BYTES, end), left);
    blocks.push(block);
    left -= block.length;
    at = end;
  }
  return Buffer.concat(blocks);
}

function unsnapBlock(block: Buffer, most: number): Uint8Array {
  // A block begins with its decompressed length: seven bits per byte, lowest first.
  let length = 0;
  for (let index = 0; index < 5; index++) {
    length += (block[index] & 0x7f) * 2 ** (7 * index);
    if (block[index] < 0x80) break;
  }
  if (length > most) throw new DecompressedTooLarge();
  return snappy.uncompress(block);
}

// An LZ4 frame (lz4_Frame_format.md): magic, flags, block size, optional fields, a checksum; then blocks, each preceded
// by its length and decompressed by itself. Parsed here, because lz4js trusts what a damaged frame claims.
const LZ4 = { magic: 0x184d2204, dictionary: 0x01, contentSize: 0x08, blockChecksum: 0x10, plainBlock: 0x80000000 };
const LZ4_SMALLEST_BLOCK = 64 << 10;

function unlz4(bytes: Buffer, most: number): Uint8Array {
  if (bytes.readUInt32LE(0) !== LZ4.magic) throw new Error("not an LZ4 frame");
  const flags = bytes[4];
  const blockBytes = LZ4_SMALLEST_BLOCK << 2 * (((bytes[5] >> 4) & 7) - 4); // 4 is the smallest, 7 the largest
  const blocks: Uint8Array[] = [];
  let at = 7 + (flags & LZ4.contentSize ? 8 : 0) + (flags & LZ4.dictionary ? LENGTH_BYTES : 0);
  for (let left = most;;) {
    const length = bytes.readUInt32LE(at);
    at += LENGTH_BYTES;
    if (length === 0) return Buffer.concat(blocks);
    const isPlain = length >= LZ4.plainBlock;
    const end = at + (isPlain ? length - LZ4.plainBlock : length);
    if (end > bytes.length) throw new Error("an LZ4 frame ends early");
    const block = isPlain ? bytes.subarray(at, end) : unlz4Block(bytes.subarray(at, end), blockBytes);
    blocks.push(block);
    left -= block.length;
    if (left < 0) throw new DecompressedTooLarge();
    at = end + (flags & LZ4.blockChecksum ? LENGTH_BYTES : 0);
  }
}

function unlz4Block(block: Buffer, most: number): Uint8Array {
  const into = new Uint8Array(most);
  const length = lz4.decompressBlock(block, into, 0, block.length, 0);
  if (length > most) throw new Error("an LZ4 block is larger than its frame says");
  return into.slice(0, length);
}
