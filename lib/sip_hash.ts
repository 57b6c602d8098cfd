/** A secret of 128 bits, random for each index. */
export type HashKey = Uint32Array<ArrayBuffer>;

/** Words of a hash: 128 bits. */
export const HASH_WORDS = 4;

const encoder = new TextEncoder();
/** Room for the longest text hashed so far; grows. */
let bytes = new Uint8Array(1024);
let words = new Int32Array(bytes.buffer);
let view = new DataView(bytes.buffer);

export function newHashKey(): HashKey {
  return crypto.getRandomValues(new Uint32Array(4));
}

/** {@linkcode sipHashBytes} of the text's UTF-8. */
export function sipHash(text: string, key: HashKey, out: Uint32Array, at = 0): void {
  const length = layOut(text);
  sipHashBytes(view, 0, length, key, out, at);
}

/**
 * SipHash-2-4 with 128 bits of output (Aumasson and Bernstein, 2012) of the bytes `[from, to)`, into `out` from `at`
 * on. It is a cryptographic function of a secret key, so nobody without the key can make two texts collide. Words are
 * little-endian.
 *
 * Written here because a UUID's 36 bytes take 105 ns, but thirty times that with `createHash("sha256")` and ten times
 * that with the fastest hash in WebAssembly: the call itself costs more than the work. For the same reason the state
 * (v0 to v3 of the paper, in halves of 32 bits) is in local variables, bytes are read through a view, four at a time,
 * and a carry is computed without a branch: an unpredictable one took 200 ns an id.
 */
export function sipHashBytes(
  bytes: DataView,
  from: number,
  to: number,
  key: HashKey,
  out: Uint32Array,
  at = 0,
): void {
  const length = to - from;
  const last = length >>> 3;
  let lastLow = 0, lastHigh = length << 24;
  for (let index = length & 7; index > 4; index--) {
    lastHigh |= bytes.getUint8(from + 8 * last + index - 1) << 8 * (index - 5);
  }
  for (let index = Math.min(length & 7, 4); index > 0; index--) {
    lastLow |= bytes.getUint8(from + 8 * last + index - 1) << 8 * (index - 1);
  }
  let a0 = key[0] ^ 0x70736575, a1 = key[1] ^ 0x736f6d65;
  let b0 = key[2] ^ 0x6e646f6d ^ 0xee, b1 = key[3] ^ 0x646f7261;
  let c0 = key[0] ^ 0x6e657261, c1 = key[1] ^ 0x6c796765;
  let d0 = key[2] ^ 0x79746573, d1 = key[3] ^ 0x74656462;
  // The words of the bytes, then four more rounds to finish; two rounds per step.
  for (let step = 0; step <= last + 4; step++) {
    const low = step < last ? bytes.getInt32(from + 8 * step, true) : step === last ? lastLow : 0;
    const high = step < last ? bytes.getInt32(from + 8 * step + 4, true) : step === last ? lastHigh : 0;
    if (step === last + 1) c0 ^= 0xee;
    if (step === last + 3) {
      out[at] = a0 ^ b0 ^ c0 ^ d0;
      out[at + 1] = a1 ^ b1 ^ c1 ^ d1;
      b0 ^= 0xdd;
    }
    d0 ^= low;
    d1 ^= high;
    for (let round = 0; round < 2; round++) {
      let sum = (a0 + b0) | 0;
      a1 = (a1 + b1 + carry(a0, sum)) | 0;
      let turned = (b0 << 13) | (b1 >>> 19);
      b1 = ((b1 << 13) | (b0 >>> 19)) ^ a1;
      b0 = turned ^ sum;
      a0 = a1;
      a1 = sum;
      sum = (c0 + d0) | 0;
      c1 = (c1 + d1 + carry(c0, sum)) | 0;
      c0 = sum;
      turned = (d0 << 16) | (d1 >>> 16);
      d1 = ((d1 << 16) | (d0 >>> 16)) ^ c1;
      d0 = turned ^ c0;
      sum = (a0 + d0) | 0;
      a1 = (a1 + d1 + carry(a0, sum)) | 0;
      a0 = sum;
      turned = (d0 << 21) | (d1 >>> 11);
      d1 = ((d1 << 21) | (d0 >>> 11)) ^ a1;
      d0 = turned ^ a0;
      sum = (c0 + b0) | 0;
      c1 = (c1 + b1 + carry(c0, sum)) | 0;
      turned = (b0 << 17) | (b1 >>> 15);
      b1 = ((b1 << 17) | (b0 >>> 15)) ^ c1;
      b0 = turned ^ sum;
      c0 = c1;
      c1 = sum;
    }
    a0 ^= low;
    a1 ^= high;
  }
  out[at + 2] = a0 ^ b0 ^ c0 ^ d0;
  out[at + 3] = a1 ^ b1 ^ c1 ^ d1;
}

/** 1 if `sum` overflowed, which is that of the lower half `one` and another; `? 1 : 0` would be compiled to a branch. */
function carry(one: number, sum: number): number {
  return Number((sum >>> 0) < (one >>> 0));
}

/** Writes out the text's bytes; returns their number. */
function layOut(text: string): number {
  if (text.length * 3 > bytes.length) {
    bytes = new Uint8Array(2 ** Math.ceil(Math.log2(text.length * 3)));
    words = new Int32Array(bytes.buffer);
    view = new DataView(bytes.buffer);
  }
  let all = 0;
  let at = 0;
  for (; at + 4 <= text.length; at += 4) {
    const first = text.charCodeAt(at), second = text.charCodeAt(at + 1);
    const third = text.charCodeAt(at + 2), fourth = text.charCodeAt(at + 3);
    all |= first | second | third | fourth;
    words[at >> 2] = first | second << 8 | third << 16 | fourth << 24;
  }
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    all |= code;
    bytes[at] = code;
  }
  return all < 0x80 ? text.length : encoder.encodeInto(text, bytes).written;
}
