import { Buffer } from "node:buffer";
import { setImmediate as turnOfLoop } from "node:timers/promises";
import type { Progress } from "../../progress.ts";

/** Bytes read at a time. */
const CHUNK = 4 << 20;
const LINE_FEED = 0x0a;

/** Bytes `[from, to)` of a file, put at the beginning of `into` if given. */
export type ReadBytes = (from: number, to: number, into?: Uint8Array) => Uint8Array;

/** A line without its line feed, and where it starts; `whole` is false for a last line without one. */
export type LineVisitor = (line: Uint8Array, start: number, whole: boolean) => void | boolean;

/** `read` for the bytes up to `total` in sequence, which says before each of them how far it is. */
export function watchedRead(read: ReadBytes, total: number, progress: Progress): ReadBytes {
  return (from, to, into) => {
    progress(from, total);
    return read(from, to, into);
  };
}

/** Options of a read that may take minutes. */
export interface LongRead {
  /** Ends the read, which then rejects with the reason. */
  stop?: AbortSignal;
  /** In bytes. */
  progress?: Progress;
}

/**
 * Visits the lines of `[from, to)` in order; `from` is the start of a line. Stops early when `visit` returns false.
 *
 * The bytes of a line are valid only during the visit: one buffer is reused, because a long log would fill the memory
 * with buffers faster than they are collected.
 */
export function visitLines(read: ReadBytes, from: number, to: number, visit: LineVisitor): void {
  for (const chunk of lineChunks(read, from, to)) if (!visitChunk(chunk, visit)) return;
}

/** Like {@linkcode visitLines}, but lets signals through meanwhile. */
export async function visitManyLines(
  read: ReadBytes,
  { from, to }: { from: number; to: number },
  visit: LineVisitor,
  wait: LongRead,
): Promise<void> {
  for await (const chunk of manyLineChunks(read, { from, to }, wait)) if (!visitChunk(chunk, visit)) return;
}

/** Whole lines with their line feeds, as many as are read at once, and where the first one starts. */
export interface LineChunk {
  bytes: Uint8Array;
  start: number;
}

/**
 * The lines of `[from, to)` in chunks; only the very last line may lack its line feed. Bytes are valid until the next
 * chunk.
 */
export function* lineChunks(read: ReadBytes, from: number, to: number): Generator<LineChunk> {
  let buffer = new Uint8Array(Math.min(CHUNK, to - from));
  /** Bytes at the beginning of the buffer that are the start of a line. */
  let kept = 0;
  for (let at = from; at < to;) {
    if (kept === buffer.length) buffer = larger(buffer);
    const end = Math.min(at + buffer.length - kept, to);
    const bytes = read(at, end, buffer.subarray(kept));
    if (bytes.buffer !== buffer.buffer) buffer.set(bytes, kept);
    const filled = kept + end - at;
    const whole = end === to ? filled : buffer.lastIndexOf(LINE_FEED, filled - 1) + 1;
    if (whole > 0) yield { bytes: buffer.subarray(0, whole), start: at - kept };
    buffer.copyWithin(0, whole, filled);
    kept = filled - whole;
    at = end;
  }
}

/** False if `visit` returned false. */
function visitChunk({ bytes, start: chunkStart }: LineChunk, visit: LineVisitor): boolean {
  let start = 0;
  for (let feed = bytes.indexOf(LINE_FEED); feed >= 0; feed = bytes.indexOf(LINE_FEED, start)) {
    if (visit(bytes.subarray(start, feed), chunkStart + start, true) === false) return false;
    start = feed + 1;
  }
  return start === bytes.length || visit(bytes.subarray(start), chunkStart + start, false) !== false;
}

/**
 * Whether the bytes contain those of `text`. Searched as text, because Deno's search in a Buffer takes eight times as
 * long.
 */
export function holds(bytes: Uint8Array, text: string): boolean {
  const latin1 = (part: Buffer) => part.toString("latin1");
  return latin1(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)).includes(latin1(Buffer.from(text)));
}

/** The number of lines in a text; the last one may lack its line feed. */
export function countLines(text: string): number {
  let count = 0;
  let start = 0;
  for (let feed = text.indexOf("\n"); feed >= 0; feed = text.indexOf("\n", start)) {
    count++;
    start = feed + 1;
  }
  return start < text.length ? count + 1 : count;
}

/** Like {@linkcode lineChunks}, but lets signals through meanwhile. */
export async function* manyLineChunks(
  read: ReadBytes,
  { from, to }: { from: number; to: number },
  { stop, progress }: LongRead,
): AsyncGenerator<LineChunk> {
  for (const chunk of lineChunks(read, from, to)) {
    yield chunk;
    await turnOfLoop();
    stop?.throwIfAborted();
    progress?.(chunk.start + chunk.bytes.length - from, to - from);
  }
}

function larger(buffer: Uint8Array): Uint8Array<ArrayBuffer> {
  const twice = new Uint8Array(buffer.length * 2);
  twice.set(buffer);
  return twice;
}

/**
 * Where to start so that visiting forward meets every `wanted` line: the start of the unbroken run of lines up to `to`
 * that are wanted or incomplete. Reads backwards, so only the tail of a long file is touched.
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
