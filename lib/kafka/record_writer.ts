import { Buffer } from "node:buffer";
import crc32C from "kafkajs/src/protocol/recordBatch/crc32C/index.js";
import { AT, BEFORE_LENGTH, FORMAT } from "./record_format.ts";

/** A record on its way into a partition. */
export interface OutgoingRecord {
  key: Uint8Array | null;
  value: Uint8Array | null;
  /** A name may have several values. */
  headers: Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>;
}

/** Text stands for its UTF-8: a buffer made for it would take longer than writing it. */
type HeaderValue = Uint8Array | string | null;

/** Who wrote a batch, and where it stands among the writer's own: what brokers tell a repeat by. */
export interface BatchIdentity {
  /** As the broker gave it, in decimal. */
  producerId: string;
  producerEpoch: number;
  /** Number of the first record among all that this producer sent to the partition, below 2^31. */
  sequence: number;
}

const UNKNOWN_EPOCH = -1;

// deno-lint-ignore no-control-regex -- every character of one byte
const ASCII = /^[\x00-\x7f]*$/;

/** The most bytes that a number takes as a varint. */
const VARINT_BYTES = 5;
/** Those beside key, value and headers: length, attributes, times, offset, and three lengths. */
const RECORD_OVERHEAD = 7 * VARINT_BYTES;

/**
 * A record batch of format 2, not compressed, with one time for all its records.
 *
 * In place of kafkajs's encoder, which makes several buffers for each record and copies each of them up to five times:
 * more than half of a producer's time. Here they are written one after the other into one buffer.
 */
export function writeRecordBatch(
  records: readonly OutgoingRecord[],
  { producerId, producerEpoch, sequence, timestamp }: BatchIdentity & { timestamp: number },
): Buffer {
  const bytes = Buffer.allocUnsafe(records.reduce((size, record) => size + recordSize(record), AT.records));
  let end = AT.records;
  for (let index = 0; index < records.length; index++) end = writeRecord(bytes, end, index, records[index]);
  bytes.writeBigInt64BE(0n, 0); // the broker gives the offset
  bytes.writeInt32BE(end - BEFORE_LENGTH, AT.length);
  bytes.writeInt32BE(UNKNOWN_EPOCH, AT.leaderEpoch);
  bytes[AT.magic] = FORMAT;
  bytes.writeInt16BE(0, AT.attributes);
  bytes.writeInt32BE(records.length - 1, AT.lastOffsetDelta);
  bytes.writeBigInt64BE(BigInt(timestamp), AT.baseTimestamp);
  bytes.writeBigInt64BE(BigInt(timestamp), AT.maxTimestamp);
  bytes.writeBigInt64BE(BigInt(producerId), AT.producerId);
  bytes.writeInt16BE(producerEpoch, AT.producerEpoch);
  bytes.writeInt32BE(sequence, AT.baseSequence);
  bytes.writeInt32BE(records.length, AT.recordCount);
  bytes.writeUInt32BE(crc32C(bytes.subarray(AT.attributes, end)), AT.crc);
  return bytes.subarray(0, end);
}

/** Bytes that a record takes in a batch, at the most. */
export function recordSize({ key, value, headers }: OutgoingRecord): number {
  let size = RECORD_OVERHEAD + (key?.length ?? 0) + (value?.length ?? 0);
  for (const name in headers) {
    for (const content of valuesOf(headers[name])) {
      size += 2 * VARINT_BYTES + 3 * name.length + (typeof content === "string" ? 3 : 1) * (content?.length ?? 0);
    }
  }
  return size;
}

function writeRecord(bytes: Buffer, start: number, index: number, { key, value, headers }: OutgoingRecord): number {
  // The length of the record comes first and is known last: its body is written behind the longest one, then moved.
  const body = start + VARINT_BYTES;
  let at = body;
  bytes[at++] = 0; // attributes
  bytes[at++] = 0; // time after that of the batch
  at = writeVarint(bytes, at, index);
  at = writeBytes(bytes, at, key);
  at = writeBytes(bytes, at, value);
  at = writeHeaders(bytes, at, headers);
  const moved = writeVarint(bytes, start, at - body);
  bytes.copyWithin(moved, body, at);
  return moved + at - body;
}

function writeHeaders(bytes: Buffer, start: number, headers: OutgoingRecord["headers"]): number {
  let count = 0;
  for (const name in headers) count += valuesOf(headers[name]).length;
  let at = writeVarint(bytes, start, count);
  for (const name in headers) {
    for (const content of valuesOf(headers[name])) {
      at = writeText(bytes, at, name);
      at = typeof content === "string" ? writeText(bytes, at, content) : writeBytes(bytes, at, content);
    }
  }
  return at;
}

function valuesOf(values: OutgoingRecord["headers"][string]): readonly HeaderValue[] {
  return Array.isArray(values) ? values : [values as HeaderValue];
}

function writeText(bytes: Buffer, at: number, text: string): number {
  if (!ASCII.test(text)) return writeBytes(bytes, at, Buffer.from(text));
  let end = writeVarint(bytes, at, text.length);
  for (let index = 0; index < text.length; index++) bytes[end++] = text.charCodeAt(index);
  return end;
}

function writeBytes(bytes: Buffer, at: number, content: Uint8Array | null): number {
  if (content === null) return writeVarint(bytes, at, -1);
  const start = writeVarint(bytes, at, content.length);
  bytes.set(content, start);
  return start + content.length;
}

/** Zigzag, seven bits a byte, the lowest first. */
function writeVarint(bytes: Buffer, at: number, value: number): number {
  let left = ((value << 1) ^ (value >> 31)) >>> 0;
  while (left >= 0x80) {
    bytes[at++] = (left & 0x7f) | 0x80;
    left >>>= 7;
  }
  bytes[at++] = left;
  return at;
}
