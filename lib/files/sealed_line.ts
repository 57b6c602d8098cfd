import { crc32 } from "node:zlib";

/**
 * One line of a journal: a JSON object whose last field is `crc`, the CRC-32 (ISO 3309, as in zlib) of the bytes before
 * `,"crc"` as eight hex digits. A torn, zeroed or edited line does not match its own.
 */
const encoder = new TextEncoder();
const PREFIX = encoder.encode(',"crc":"');
const SUFFIX = encoder.encode('"}');
const DIGITS = 8;
const SEAL_LENGTH = PREFIX.length + DIGITS + SUFFIX.length;

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The line for `record`, sealed, with its line feed. */
export function sealLine(record: object): string {
  const open = JSON.stringify(record).slice(0, -1);
  return `${open},"crc":"${checksum(encoder.encode(open))}"}\n`;
}

/** Whether a line, given without its line feed, is as it was sealed. Compares bytes: this is most of a long start. */
export function isSealed(line: Uint8Array): boolean {
  const end = line.length - SEAL_LENGTH;
  if (end <= 0 || !stands(PREFIX, line, end) || !stands(SUFFIX, line, line.length - SUFFIX.length)) return false;
  return hexAt(line, end + PREFIX.length) === crc32(line.subarray(0, end));
}

/** Where the first seal within a line ends; undefined where there is none. */
export function firstSealEnd(line: Uint8Array): number | undefined {
  const found = /,"crc":"[0-9a-f]{8}"}/.exec(new TextDecoder("latin1").decode(line));
  return found === null ? undefined : found.index + SEAL_LENGTH;
}

/** The record of a line given without its line feed, or undefined where the line is not whole. */
export function unsealLine(line: Uint8Array): Record<string, unknown> | undefined {
  if (!isSealed(line)) return undefined;
  return JSON.parse(decoder.decode(line.subarray(0, line.length - SEAL_LENGTH)) + "}");
}

function checksum(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(DIGITS, "0");
}

function stands(text: Uint8Array, line: Uint8Array, at: number): boolean {
  return text.every((byte, index) => line[at + index] === byte);
}

/** The number of eight lower-case hex digits; NaN where there is anything else. */
function hexAt(line: Uint8Array, at: number): number {
  let number = 0;
  for (let index = at; index < at + DIGITS; index++) {
    const byte = line[index];
    const digit = byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : NaN;
    number = number * 16 + digit;
  }
  return number;
}
