const ZERO = 0x30;
/** Digits of numbers below this are written with 32-bit arithmetic, which is faster. */
const SMALL = 10 ** 9;
const SMALL_DIGITS = 9;
/** The most bytes of an exact whole number. */
export const MAX_DIGITS = 16;

/** Writes an exact whole number >= 0 in decimal at `at`, where there is room for it; returns the end. */
export function writeDigits(value: number, bytes: Uint8Array, at: number): number {
  if (value >= SMALL) {
    const upper = Math.floor(value / SMALL);
    return writePadded(value - upper * SMALL, SMALL_DIGITS, bytes, writeDigits(upper, bytes, at));
  }
  let count = 1;
  for (let limit = 10; limit <= value; limit *= 10) count++;
  return writePadded(value, count, bytes, at);
}

function writePadded(value: number, count: number, bytes: Uint8Array, start: number): number {
  let left = value | 0;
  for (let at = start + count - 1; at >= start; at--) {
    const rest = (left / 10) | 0;
    bytes[at] = ZERO + left - rest * 10;
    left = rest;
  }
  return start + count;
}
