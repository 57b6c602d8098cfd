import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { crc32C } from "./crc32c.ts";
import { AT, BEFORE_LENGTH, FORMAT, GZIP } from "./record_format.ts";

/** A record to be written to a partition. */
export interface OutgoingRecord {
  key: Uint8Array | null;
  value: Uint8Array | null;
  /** A text value is written as UTF-8: making a buffer for it would take longer than writing it. */
  headers: readonly (readonly [name: string | Uint8Array, value: Uint8Array | string | null])[];
  /** Milliseconds since the epoch; by default the time of sending. */
  timestamp?: number;
}

/** The producer of a batch and its sequence number, by which brokers recognise a repeat. */
export interface BatchIdentity {
  /** As given by the broker, in decimal. */
  producerId: string;
  producerEpoch: number;
  /** Sequence number of the first record among all that this producer sent to the partition, below 2^31. */
  sequence: number;
}

const UNKNOWN_EPOCH = -1;

/** The most bytes that a 32-bit number takes as a varint, and a 64-bit number. */
const VARINT_BYTES = 5;
const LONG_VARINT_BYTES = 10;
/** The most bytes of the other fields: length, attributes, offset and three lengths; and the timestamp. */
const RECORD_OVERHEAD = 6 * VARINT_BYTES + LONG_VARINT_BYTES;

/** From this many bytes on, copying by a call is faster than one by one. */
const WORTH_A_CALL = 32;

export interface BatchOptions extends BatchIdentity {
  /** The timestamp of records without their own. */
  timestamp: number;
  /** Compresses with gzip; not compressed by default. */
  compressed?: boolean;
}

/**
 * A record batch of format 2.
 *
 * Replaces kafkajs's encoder, which makes several buffers per record and copies each up to five times: more than half
 * of a producer's time. Here records are written one after the other into one buffer.
 */
export function writeRecordBatch(
  records: readonly OutgoingRecord[],
  { producerId, producerEpoch, sequence, timestamp, compressed = false }: BatchOptions,
): Buffer {
  const base = records[0].timestamp ?? timestamp;
  let latest = base;
  let bytes = Buffer.allocUnsafe(records.reduce((size, record) => size + recordSize(record), AT.records));
  let end = AT.records;
  for (let index = 0; index < records.length; index++) {
    const time = records[index].timestamp ?? timestamp;
    if (time > latest) latest = time;
    end = writeRecord(bytes, end, records[index], { index, sinceBase: time - base });
  }
  if (compressed) {
    bytes = Buffer.concat([bytes.subarray(0, AT.records), gzipSync(bytes.subarray(AT.records, end))]);
    end = bytes.length;
  }
  bytes.writeBigInt64BE(0n, 0); // the broker assigns the offset
  bytes.writeInt32BE(end - BEFORE_LENGTH, AT.length);
  bytes.writeInt32BE(UNKNOWN_EPOCH, AT.leaderEpoch);
  bytes[AT.magic] = FORMAT;
  bytes.writeInt16BE(compressed ? GZIP : 0, AT.attributes);
  bytes.writeInt32BE(records.length - 1, AT.lastOffsetDelta);
  bytes.writeBigInt64BE(BigInt(base), AT.baseTimestamp);
  bytes.writeBigInt64BE(BigInt(latest), AT.maxTimestamp);
  bytes.writeBigInt64BE(BigInt(producerId), AT.producerId);
  bytes.writeInt16BE(producerEpoch, AT.producerEpoch);
  bytes.writeInt32BE(sequence, AT.baseSequence);
  bytes.writeInt32BE(records.length, AT.recordCount);
  bytes.writeUInt32BE(crc32C(bytes.subarray(AT.attributes, end)), AT.crc);
  return bytes.subarray(0, end);
}

/** The most bytes a record takes in a batch. */
export function recordSize({ key, value, headers }: OutgoingRecord): number {
  let size = RECORD_OVERHEAD + (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, content] of headers) size += 2 * VARINT_BYTES + sizeOf(name) + sizeOf(content);
  return size;
}

function sizeOf(content: Uint8Array | string | null): number {
  return (typeof content === "string" ? 3 : 1) * (content?.length ?? 0);
}

function writeRecord(
  bytes: Buffer,
  start: number,
  { key, value, headers }: OutgoingRecord,
  { index, sinceBase }: { index: number; sinceBase: number },
): number {
  // The length comes first but is known last: the body is written after room for the longest length, then moved.
  const body = start + VARINT_BYTES;
  let at = body;
  bytes[at++] = 0; // attributes
  at = writeVarint(bytes, at, sinceBase);
  at = writeVarint(bytes, at, index);
  at = writeBytes(bytes, at, key);
  at = writeBytes(bytes, at, value);
  at = writeVarint(bytes, at, headers.length);
  for (const [name, content] of headers) {
    at = writeContent(bytes, at, name);
    at = writeContent(bytes, at, content);
  }
  const moved = writeVarint(bytes, start, at - body);
  bytes.copyWithin(moved, body, at);
  return moved + at - body;
}

function writeContent(bytes: Buffer, at: number, content: Uint8Array | string | null): number {
  return typeof content === "string" ? writeText(bytes, at, content) : writeBytes(bytes, at, content);
}

/** A text as Kafka's records and Avro have it: its length in bytes, then the bytes. */
export function textWithLength(text: string): Buffer {
  const bytes = Buffer.allocUnsafe(VARINT_BYTES + Buffer.byteLength(text));
  return bytes.subarray(0, writeText(bytes, 0, text));
}

function writeText(bytes: Buffer, at: number, text: string): number {
  const start = writeVarint(bytes, at, text.length);
  let all = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    all |= code;
    bytes[start + index] = code;
  }
  return all < 0x80 ? start + text.length : writeBytes(bytes, at, Buffer.from(text));
}

function writeBytes(bytes: Buffer, at: number, content: Uint8Array | null): number {
  if (content === null) return writeVarint(bytes, at, -1);
  const start = writeVarint(bytes, at, content.length);
  if (content.length >= WORTH_A_CALL) bytes.set(content, start);
  else for (let index = 0; index < content.length; index++) bytes[start + index] = content[index];
  return start + content.length;
}

/** Zigzag, seven bits per byte, lowest first. */
function writeVarint(bytes: Buffer, at: number, value: number): number {
  if (value >= 2 ** 31 || value < -(2 ** 31)) return writeLongVarint(bytes, at, value);
  let left = ((value << 1) ^ (value >> 31)) >>> 0;
  while (left >= 0x80) {
    bytes[at++] = (left & 0x7f) | 0x80;
    left >>>= 7;
  }
  bytes[at++] = left;
  return at;
}

function writeLongVarint(bytes: Buffer, at: number, value: number): number {
  let left = value < 0 ? -2n * BigInt(value) - 1n : 2n * BigInt(value);
  for (; left >= 0x80n; left >>= 7n) bytes[at++] = Number(left & 0x7fn) | 0x80;
  bytes[at++] = Number(left);
  return at;
}
