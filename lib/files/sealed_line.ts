import { crc32 } from "node:zlib";

/**
 * One line of a journal: a JSON object whose last field is `crc`, the CRC-32 (ISO 3309, as in zlib) of the bytes before
 * `,"crc"` as eight hex digits. A torn, zeroed or edited line does not match its own.
 */
const SEAL = /^,"crc":"([0-9a-f]{8})"}$/;
const SEAL_LENGTH = ',"crc":"00000000"}'.length;
const CLOSING_BRACE = 0x7d;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** The line for `record`, sealed, with its line feed. */
export function sealLine(record: object): string {
  const open = JSON.stringify(record).slice(0, -1);
  return `${open},"crc":"${checksum(encoder.encode(open))}"}\n`;
}

/** Whether a line, given without its line feed, is as it was sealed. */
export function isSealed(line: Uint8Array): boolean {
  const end = line.length - SEAL_LENGTH;
  if (end <= 0 || line[line.length - 1] !== CLOSING_BRACE) return false;
  const seal = SEAL.exec(latin1(line.subarray(end)));
  return seal !== null && seal[1] === checksum(line.subarray(0, end));
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
  return crc32(bytes).toString(16).padStart(8, "0");
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
