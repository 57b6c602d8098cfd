/** Bytes read at a time. */
const CHUNK = 4 << 20;
const LINE_FEED = 0x0a;

/** Bytes `[from, to)` of a file, put into the beginning of `into` where that is given. */
export type ReadBytes = (from: number, to: number, into?: Uint8Array) => Uint8Array;

/** A line without its line feed, and where it starts; `whole` is false for a last one that has no line feed. */
export type LineVisitor = (line: Uint8Array, start: number, whole: boolean) => void | boolean;

/**
 * Visits the lines of `[from, to)` in order; `from` is the start of a line. Stops early when `visit` answers false.
 *
 * The bytes of a line are valid only during the visit: one buffer serves for all, or a long log would fill the memory
 * with buffers faster than they are collected.
 */
export function visitLines(read: ReadBytes, from: number, to: number, visit: LineVisitor): void {
  let buffer = new Uint8Array(Math.min(CHUNK, to - from));
  /** Bytes at the beginning of the buffer that begin a line, and where that line starts. */
  let kept = 0;
  let lineStart = from;
  for (let at = from; at < to;) {
    if (kept === buffer.length) buffer = larger(buffer);
    const end = Math.min(at + buffer.length - kept, to);
    const bytes = read(at, end, buffer.subarray(kept));
    if (bytes.buffer !== buffer.buffer) buffer.set(bytes, kept);
    const filled = kept + end - at;
    let start = 0;
    for (let feed = find(buffer, start, filled); feed >= 0; feed = find(buffer, start, filled)) {
      if (visit(buffer.subarray(start, feed), lineStart, true) === false) return;
      lineStart += feed + 1 - start;
      start = feed + 1;
    }
    buffer.copyWithin(0, start, filled);
    kept = filled - start;
    at = end;
  }
  if (kept > 0) visit(buffer.subarray(0, kept), lineStart, false);
}

function find(buffer: Uint8Array, start: number, end: number): number {
  const feed = buffer.indexOf(LINE_FEED, start);
  return feed < end ? feed : -1;
}

function larger(buffer: Uint8Array): Uint8Array<ArrayBuffer> {
  const twice = new Uint8Array(buffer.length * 2);
  twice.set(buffer);
  return twice;
}

/**
 * Where to start so that visiting forward meets every line that `wanted` wants: the start of the first of an unbroken
 * run of lines up to `to` that are wanted or not whole. Reads backwards, so only the tail of a long file is touched.
 */
export function tailStart(
  read: ReadBytes,
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

function firstLineStart(read: ReadBytes, from: number, to: number): number {
  const feed = read(from, to).indexOf(LINE_FEED);
  return feed < 0 ? to : from + feed + 1;
}
