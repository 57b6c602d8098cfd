import { Buffer } from "node:buffer";
import crc32C from "kafkajs/src/protocol/recordBatch/crc32C/index.js";

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

// Where the fields of a record batch lie, format 2 (Kafka's documentation, "Record Batch").
const LENGTH = 8;
const LEADER_EPOCH = 12;
const MAGIC = 16;
const CRC = 17;
const ATTRIBUTES = 21;
const LAST_OFFSET_DELTA = 23;
const BASE_TIMESTAMP = 27;
const MAX_TIMESTAMP = 35;
const PRODUCER_ID = 43;
const PRODUCER_EPOCH = 51;
const BASE_SEQUENCE = 53;
const RECORD_COUNT = 57;
const RECORDS = 61;
const FORMAT = 2;
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
  const bytes = Buffer.allocUnsafe(records.reduce((size, record) => size + recordSize(record), RECORDS));
  let end = RECORDS;
  for (let index = 0; index < records.length; index++) end = writeRecord(bytes, end, index, records[index]);
  bytes.writeBigInt64BE(0n, 0); // the broker gives the offset
  bytes.writeInt32BE(end - LEADER_EPOCH, LENGTH);
  bytes.writeInt32BE(UNKNOWN_EPOCH, LEADER_EPOCH);
  bytes[MAGIC] = FORMAT;
  bytes.writeInt16BE(0, ATTRIBUTES);
  bytes.writeInt32BE(records.length - 1, LAST_OFFSET_DELTA);
  bytes.writeBigInt64BE(BigInt(timestamp), BASE_TIMESTAMP);
  bytes.writeBigInt64BE(BigInt(timestamp), MAX_TIMESTAMP);
  bytes.writeBigInt64BE(BigInt(producerId), PRODUCER_ID);
  bytes.writeInt16BE(producerEpoch, PRODUCER_EPOCH);
  bytes.writeInt32BE(sequence, BASE_SEQUENCE);
  bytes.writeInt32BE(records.length, RECORD_COUNT);
  bytes.writeUInt32BE(crc32C(bytes.subarray(ATTRIBUTES, end)), CRC);
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
