import { Buffer } from "node:buffer";
import type { FetchBounds } from "../../lib/kafka/protocol/record_batch.ts";

/** A record as it is put on the wire. */
export interface Given {
  key: Uint8Array | null;
  value: Uint8Array | null;
  headers: [string | Buffer, Uint8Array | null][];
  timestampDelta: number;
}

export const FIRST_TIME = 1_700_000_000_000;
export const GOOD: Given = { key: Buffer.from("k"), value: Buffer.from("v"), headers: [], timestampDelta: 0 };

function zigzag(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push(rest % 128 | 0x80);
  return Buffer.from([...bytes, rest]);
}

function nullable(bytes: Uint8Array | null): Buffer {
  return bytes === null ? zigzag(-1) : Buffer.concat([zigzag(bytes.length), bytes]);
}

/** The bytes of a record, the one at `index` in its batch. */
export function record({ key, value, headers, timestampDelta }: Given, index: number): Buffer {
  const pieces = headers.flatMap(([name, header]) => [nullable(Buffer.from(name as string)), nullable(header)]);
  const delta = [zigzag(timestampDelta), zigzag(index)];
  const body = Buffer.concat([
    Buffer.from([0]),
    ...delta,
    nullable(key),
    nullable(value),
    zigzag(headers.length),
    ...pieces,
  ]);
  return Buffer.concat([zigzag(body.length), body]);
}

export interface BatchAbout {
  attributes?: number;
  firstOffset?: number;
  producerId?: number;
  /** Offsets that it stands for; more than its records where compaction has removed some. */
  span?: number;
}

/** A batch of format 2 as a broker gives it out, of the bytes of its records. */
export function batch(
  records: Buffer,
  count: number,
  { attributes = 0, firstOffset = 100, producerId = 7, span = count }: BatchAbout = {},
): Buffer {
  const header = Buffer.alloc(61);
  header.writeBigInt64BE(BigInt(firstOffset), 0);
  header.writeInt32BE(61 - 12 + records.length, 8);
  header[16] = 2;
  header.writeInt16BE(attributes, 21);
  header.writeInt32BE(span - 1, 23);
  header.writeBigInt64BE(BigInt(FIRST_TIME), 27);
  header.writeBigInt64BE(BigInt(FIRST_TIME + 5), 35);
  header.writeBigInt64BE(BigInt(producerId), 43);
  header.writeInt32BE(count, 57);
  return Buffer.concat([header, records]);
}

/** A batch of these records, from offset 100 on. */
export function batchOf(given: Given[], about?: BatchAbout): Buffer {
  return batch(Buffer.concat(given.map(record)), given.length, about);
}

/** A batch that compaction has left without a record. */
export function emptied(span: number, about?: BatchAbout): Buffer {
  return batch(Buffer.alloc(0), 0, { span, ...about });
}

/** What a fetch says of a partition of `orders`. */
export function bounds(given: Partial<FetchBounds> = {}): FetchBounds {
  return { topic: "orders", partition: 1, ofDeadLetters: false, left: { bytes: 1 << 20 }, ...given };
}
