/** Castagnoli's polynomial, with the bits reversed. */
const POLYNOMIAL = 0x82f63b78;
/** Bytes taken at a time. */
const STEP = 16;

/** `TABLES[256 * n + byte]` is the checksum of that byte followed by `n` zero bytes, without inversions. */
const TABLES = new Int32Array(STEP * 256);
for (let byte = 0; byte < 256; byte++) {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? sum >>> 1 ^ POLYNOMIAL : sum >>> 1;
  TABLES[byte] = sum;
}
for (let at = 256; at < TABLES.length; at++) TABLES[at] = TABLES[at - 256] >>> 8 ^ TABLES[TABLES[at - 256] & 0xff];

/**
 * CRC-32C (RFC 3720, B.4), the checksum of record batches.
 *
 * Sixteen bytes a step ("slicing by 16", after Kounavis and Berry, 2005): 0.35 ns a byte, where kafkajs, byte by byte,
 * takes 2.6.
 */
export function crc32C(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let sum = -1;
  let at = 0;
  for (; at + STEP <= bytes.length; at += STEP) {
    sum = fourBytes(view.getInt32(at, true) ^ sum, 3072) ^ fourBytes(view.getInt32(at + 4, true), 2048) ^
      fourBytes(view.getInt32(at + 8, true), 1024) ^ fourBytes(view.getInt32(at + 12, true), 0);
  }
  for (; at < bytes.length; at++) sum = TABLES[(sum ^ bytes[at]) & 0xff] ^ sum >>> 8;
  return ~sum >>> 0;
}

/** The checksum of four bytes, lowest first, followed by as many zero bytes as tables come before `tables`. */
function fourBytes(word: number, tables: number): number {
  return TABLES[tables + 768 + (word & 0xff)] ^ TABLES[tables + 512 + (word >>> 8 & 0xff)] ^
    TABLES[tables + 256 + (word >>> 16 & 0xff)] ^ TABLES[tables + (word >>> 24)];
}
