/** The longest message of one block, in bytes: the block of 64 also holds a byte that ends it and its length. */
export const MAX_SHA1_BYTES = 55;

const words = new Int32Array(80);

/**
 * SHA-1 (FIPS 180-4) of the first `length` bytes of `block`, {@linkcode MAX_SHA1_BYTES} at most, into the first 20 bytes
 * of `digest`. The bytes of `block` after them are overwritten.
 *
 * Not for secrets: UUIDv5 asks for SHA-1. Written here because a UUID's 36 characters in the namespace of another take
 * 170 ns, and 570 ns with `crypto.hash`: the call costs more than the work. It stays that fast only while each
 * sum is cut to 32 bits.
 */
export function sha1(block: DataView, length: number, digest: DataView): void {
  block.setUint8(length, 0x80);
  for (let at = length + 1; at < 62; at++) block.setUint8(at, 0);
  block.setUint16(62, length * 8);
  for (let at = 0; at < 16; at++) words[at] = block.getInt32(4 * at);
  for (let at = 16; at < 80; at++) {
    const word = words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16];
    words[at] = word << 1 | word >>> 31;
  }
  let a = 0x67452301, b = 0xefcdab89 | 0, c = 0x98badcfe | 0, d = 0x10325476, e = 0xc3d2e1f0 | 0;
  for (let at = 0; at < 80; at++) {
    let mixed;
    if (at < 20) mixed = (b & c | ~b & d) + 0x5a827999 | 0;
    else if (at < 40) mixed = (b ^ c ^ d) + 0x6ed9eba1 | 0;
    else if (at < 60) mixed = (b & c | b & d | c & d) + 0x8f1bbcdc | 0;
    else mixed = (b ^ c ^ d) + 0xca62c1d6 | 0;
    const next = (a << 5 | a >>> 27) + mixed + e + words[at] | 0;
    e = d;
    d = c;
    c = b << 30 | b >>> 2;
    b = a;
    a = next;
  }
  digest.setInt32(0, a + 0x67452301);
  digest.setInt32(4, b + 0xefcdab89);
  digest.setInt32(8, c + 0x98badcfe);
  digest.setInt32(12, d + 0x10325476);
  digest.setInt32(16, e + 0xc3d2e1f0);
}
