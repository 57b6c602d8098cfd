/** Bytes read at a time. */
const CHUNK = 4 << 20;
const LINE_FEED = 0x0a;

/** A line without its line feed, and where it starts; `whole` is false for a last one that has no line feed. */
export type LineVisitor = (line: Uint8Array, start: number, whole: boolean) => void | boolean;

/**
 * Visits the lines of `[from, to)` in order; `from` is the start of a line. Stops early when `visit` answers false.
 *
 * The bytes of a line are valid only during the visit.
 */
export function visitLines(
  read: (from: number, to: number) => Uint8Array,
  from: number,
  to: number,
  visit: LineVisitor,
) {
  let rest: Uint8Array = new Uint8Array(0);
  let restStart = from;
  for (let at = from; at < to; at += CHUNK) {
    const chunk = joined(rest, read(at, Math.min(at + CHUNK, to)));
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      if (visit(chunk.subarray(start, end), restStart + start, true) === false) return;
      start = end + 1;
    }
    rest = chunk.subarray(start);
    restStart += start;
  }
  if (rest.length > 0) visit(rest, restStart, false);
}

/**
 * Where to start so that visiting forward meets every line that `wanted` wants: the start of the first of an unbroken
 * run of lines up to `to` that are wanted or not whole. Reads backwards, so only the tail of a long file is touched.
 */
export function tailStart(
  read: (from: number, to: number) => Uint8Array,
  to: number,
  isBefore: (line: Uint8Array) => boolean,
): number {
  let size = 64 << 10;
  while (true) {
    const from = Math.max(0, to - size);
    let found: number | undefined;
    const skipped = from === 0 ? 0 : firstLineStart(read, from, to);
    visitLines(read, skipped, to, (line, start, whole) => {
      if (whole && isBefore(line)) found = start + line.length + 1;
    });
    if (found !== undefined || from === 0) return found ?? 0;
    size *= 4;
  }
}

function firstLineStart(read: (from: number, to: number) => Uint8Array, from: number, to: number): number {
  const feed = read(from, to).indexOf(LINE_FEED);
  return feed < 0 ? to : from + feed + 1;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
