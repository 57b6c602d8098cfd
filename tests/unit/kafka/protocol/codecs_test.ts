import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync, zstdCompressSync } from "node:zlib";
import lz4 from "lz4js";
import snappy from "snappyjs";
import { decompress, DecompressedTooLarge, MAX_DECOMPRESSED_BYTES } from "../../../../lib/kafka/protocol/codecs.ts";

const TEXT = Buffer.from("an order, an order, another order. ".repeat(5_000));

/** Snappy as Java's client frames it, in blocks of 32 KiB. */
function xerial(bytes: Buffer): Buffer {
  const pieces = [Buffer.from([0x82, ...Buffer.from("SNAPPY"), 0, 0, 0, 0, 1, 0, 0, 0, 1])];
  for (let at = 0; at < bytes.length; at += 32 << 10) {
    const block = snappy.compress(bytes.subarray(at, at + (32 << 10)));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(block.length);
    pieces.push(length, block);
  }
  return Buffer.concat(pieces);
}

const CODECS: [name: string, number: number, compress: (bytes: Buffer) => Uint8Array][] = [
  ["gzip", 1, gzipSync],
  ["snappy", 2, (bytes) => snappy.compress(bytes)],
  ["framed snappy", 2, xerial],
  ["lz4", 3, (bytes) => lz4.compress(bytes)],
  ["zstd", 4, zstdCompressSync],
];

for (const [name, number, compress] of CODECS) {
  Deno.test(`decompress() gives back what ${name} took, up to the ceiling and no further`, () => {
    assert.deepEqual(decompress(number, Buffer.from(compress(TEXT))), TEXT);
    assert.equal(decompress(number, Buffer.from(compress(TEXT)), TEXT.length).length, TEXT.length);
    assert.throws(() => decompress(number, Buffer.from(compress(TEXT)), TEXT.length - 1), DecompressedTooLarge);
    const bomb = Buffer.from(compress(Buffer.alloc(MAX_DECOMPRESSED_BYTES + 1)));
    assert.throws(() => decompress(number, bomb), DecompressedTooLarge);
  });

  Deno.test(`decompress() throws, or gives no more than the ceiling, whatever is wrong with ${name}`, () => {
    const whole = Buffer.from(compress(TEXT));
    for (let index = 0; index < 1_000; index++) {
      const broken = Buffer.from(whole.subarray(0, index % 3 === 0 ? index : undefined));
      if (broken.length > 0) broken[(index * 7_919) % Math.min(broken.length, 200)] ^= 1 << index % 8;
      try {
        assert.ok(decompress(number, broken).length <= MAX_DECOMPRESSED_BYTES);
      } catch (error) {
        assert.ok(error instanceof Error);
      }
    }
  });
}

Deno.test("decompress() refuses a snappy block that only claims to be large before it takes memory for it", () => {
  assert.throws(() => decompress(2, Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0])), DecompressedTooLarge);
});

Deno.test("decompress() refuses a codec that is none", () => {
  assert.throws(() => decompress(5, TEXT), /no such codec as 5/);
});
