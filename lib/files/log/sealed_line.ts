import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { LineWriter, SEAL, type SealedLines } from "./line_writer.ts";
import type { AppendFile } from "../disk/append_file.ts";
import { visitLines } from "./lines.ts";

/**
 * One line of a journal: a JSON object whose last field is `crc`, the CRC-32 (ISO 3309, as in zlib) of the bytes before
 * `,"crc"` as eight hex digits. A torn, zeroed or edited line does not match its checksum.
 */
const encoder = new TextEncoder();
const PREFIX = encoder.encode(SEAL.prefix);
const SUFFIX = encoder.encode(SEAL.suffix);
export const SEAL_LENGTH = PREFIX.length + SEAL.digits + SUFFIX.length;

/** The lines for `records`, sealed, each with its line feed. */
export function sealLines(records: readonly object[]): SealedLines {
  const lines = new LineWriter();
  for (const record of records) {
    lines.text(JSON.stringify(record).slice(0, -1)); // the seal adds the brace
    lines.seal();
  }
  return lines.take();
}

/**
 * Whether a line, without its line feed, matches its checksum. Works on bytes, because this takes most of a long start.
 */
export function isSealed(line: Uint8Array): boolean {
  return isSealAt(line, 0, line.length - SEAL_LENGTH);
}

/** Whether at `at` there is the seal of the bytes from `start` up to there. */
export function isSealAt(bytes: Uint8Array, start: number, at: number): boolean {
  const digits = at + PREFIX.length;
  if (at <= start || !stands(PREFIX, bytes, at) || !stands(SUFFIX, bytes, digits + SEAL.digits)) return false;
  return hexAt(bytes, digits) === crc32(bytes.subarray(start, at));
}

/** Where the first seal within a line ends; undefined if there is none. */
export function firstSealEnd(line: Uint8Array): number | undefined {
  const found = /,"crc":"[0-9a-f]{8}"}/.exec(new TextDecoder("latin1").decode(line));
  return found === null ? undefined : found.index + SEAL_LENGTH;
}

/** The record of a line without its line feed, or undefined if the line is not whole. */
export function unsealLine(line: Uint8Array): Record<string, unknown> | undefined {
  if (!isSealed(line)) return undefined;
  // The checksum fits, so the bytes are UTF-8. A Buffer decodes a line in half the time of a TextDecoder.
  const text = Buffer.from(line.buffer, line.byteOffset, line.length - SEAL_LENGTH).toString();
  return JSON.parse(text + "}");
}

function stands(text: Uint8Array, line: Uint8Array, at: number): boolean {
  for (let index = 0; index < text.length; index++) if (line[at + index] !== text[index]) return false;
  return true;
}

/** The values of lower-case hex digits; a negative one for any other byte. */
const HEX = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++) HEX[digit.toString(16).charCodeAt(0)] = digit;

/** The value of eight lower-case hex digits; -1 if there is anything else. */
function hexAt(line: Uint8Array, at: number): number {
  let number = 0;
  let all = 0;
  for (let index = at; index < at + SEAL.digits; index++) {
    const digit = HEX[line[index]];
    all |= digit;
    number = number << 4 | digit;
  }
  return all < 0 ? -1 : number >>> 0;
}

/** Bytes read at a time, at least. */
const STEP = 1 << 20;

/** One line of a journal. */
export interface SealedRecord {
  /** Undefined if the line does not match its checksum. */
  record: Record<string, unknown> | undefined;
  /** Byte it starts at. */
  start: number;
  /** False for a last line without its line feed. */
  whole: boolean;
}

/** The lines of the first `end` bytes of a journal, a megabyte at a time. */
export function* sealedRecords(file: AppendFile, end: number): Generator<SealedRecord[]> {
  let step = STEP;
  for (let at = 0; at < end;) {
    const to = Math.min(at + step, end);
    const records: SealedRecord[] = [];
    let next = at;
    // A step may end inside a line: that line is left for the next step, which is larger if no line was whole.
    visitLines((...range) => file.read(...range), at, to, (line, start, whole) => {
      if (!whole && to < end) return false;
      records.push({ record: whole ? unsealLine(line) : undefined, start, whole });
      next = start + line.length + 1;
    });
    yield records;
    step = next === at ? step * 2 : STEP;
    at = next;
  }
}
