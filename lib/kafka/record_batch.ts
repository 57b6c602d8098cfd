import { Buffer } from "node:buffer";
import { lookupCodecByAttributes } from "kafkajs/src/protocol/message/compression/index.js";
import { EXIT, Failure } from "../errors.ts";
import { VarintReader } from "./varint_reader.ts";

// Where the fields of a record batch lie, format 2 (Kafka's documentation, "Record Batch").
const LENGTH = 8;
const MAGIC = 16;
const ATTRIBUTES = 21;
const LAST_OFFSET_DELTA = 23;
const BASE_TIMESTAMP = 27;
const MAX_TIMESTAMP = 35;
const PRODUCER_ID = 43;
const RECORD_COUNT = 57;
const RECORDS = 61;
/** Bytes that the field `length` does not count: those up to itself. */
const BEFORE_LENGTH = 12;
const FORMAT = 2;

const LOG_APPEND_TIME = 0x08;
const IN_TRANSACTION = 0x10;
const CONTROL = 0x20;

/** A record as it lies in a topic; its bytes are a part of what was fetched, so it keeps all of that in memory. */
export interface FetchedRecord {
  offset: number;
  /** Milliseconds since the epoch, as the broker has it. */
  timestamp: number;
  key: Buffer | null;
  value: Buffer | null;
  /** A name that stands several times has all its values. */
  headers: Record<string, Buffer | Buffer[]>;
}

/**
 * The records that one producer sent together, read when they are wanted.
 *
 * kafkajs takes it for a message: it looks at `offset`, and for transactions at `isControlRecord`, `key` and
 * `batchContext`.
 */
export class RecordBatch {
  /** Of the last record, in decimal: kafkajs has offsets as text. */
  readonly offset: string;
  readonly isControlRecord: boolean;
  readonly batchContext: { producerId: string; inTransaction: boolean };
  readonly #baseOffset: number;
  readonly #baseTimestamp: number;
  /** Undefined where each record has a time of its own. */
  readonly #appendedAt: number | undefined;
  readonly #count: number;
  /** The records, not compressed. */
  readonly #bytes: Buffer;

  private constructor(header: Buffer, records: Buffer) {
    const attributes = header.readInt16BE(ATTRIBUTES);
    this.#baseOffset = Number(header.readBigInt64BE(0));
    this.offset = String(this.#baseOffset + header.readInt32BE(LAST_OFFSET_DELTA));
    this.isControlRecord = (attributes & CONTROL) !== 0;
    const producerId = header.readBigInt64BE(PRODUCER_ID).toString();
    this.batchContext = { producerId, inTransaction: (attributes & IN_TRANSACTION) !== 0 };
    this.#baseTimestamp = Number(header.readBigInt64BE(BASE_TIMESTAMP));
    const appended = (attributes & LOG_APPEND_TIME) !== 0;
    this.#appendedAt = appended ? Number(header.readBigInt64BE(MAX_TIMESTAMP)) : undefined;
    this.#count = header.readInt32BE(RECORD_COUNT);
    this.#bytes = records;
  }

  /** The batches in what a broker sent of a partition; the last may be cut short, and is left for the next fetch. */
  static async readAll(bytes: Buffer): Promise<RecordBatch[]> {
    const batches: RecordBatch[] = [];
    for (let at = 0; at + RECORDS <= bytes.length;) {
      const end = at + BEFORE_LENGTH + bytes.readInt32BE(at + LENGTH);
      const format = bytes[at + MAGIC];
      if (format !== FORMAT) throw oldFormat(format);
      if (end > bytes.length) break;
      const codec = lookupCodecByAttributes(bytes.readInt16BE(at + ATTRIBUTES));
      const records = bytes.subarray(at + RECORDS, end);
      batches.push(
        new RecordBatch(bytes.subarray(at, end), codec === null ? records : await codec.decompress(records)),
      );
      at = end;
    }
    return batches;
  }

  /** The key of a marker that ends a transaction, which says how; nothing else asks for it. */
  get key(): Buffer | null {
    return this.isControlRecord ? this.records()[0].key : null;
  }

  /** The records from `offset` on. */
  records(offset = 0): FetchedRecord[] {
    const records: FetchedRecord[] = [];
    const reader = new VarintReader(this.#bytes);
    for (let read = 0; read < this.#count; read++) {
      const end = reader.int() + reader.at;
      reader.at++; // attributes, of which there are none
      const timestamp = this.#baseTimestamp + reader.int();
      const record: FetchedRecord = {
        timestamp: this.#appendedAt ?? timestamp,
        offset: this.#baseOffset + reader.int(),
        key: reader.bytes(),
        value: reader.bytes(),
        headers: NO_HEADERS,
      };
      const headers = reader.int();
      if (headers > 0) record.headers = readHeaders(reader, headers);
      if (record.offset >= offset) records.push(record);
      reader.at = end;
    }
    return records;
  }
}

/** The records from `offset` on in a batch that a batch consumer hands out, in the order of their offsets. */
export function recordsOf({ messages }: { messages: readonly unknown[] }, offset: number): FetchedRecord[] {
  return (messages as readonly RecordBatch[]).flatMap((batch) => batch.records(offset));
}

const NO_HEADERS = {};

function readHeaders(reader: VarintReader, count: number): FetchedRecord["headers"] {
  const headers = new Map<string, Buffer | Buffer[]>();
  for (let read = 0; read < count; read++) {
    const name = String(reader.bytes() ?? "");
    const value = reader.bytes() ?? Buffer.alloc(0);
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? value : Array.isArray(earlier) ? [...earlier, value] : [earlier, value]);
  }
  return Object.fromEntries(headers);
}

function oldFormat(format: number): Failure {
  return new Failure(
    EXIT.data,
    `Cannot read records of format ${format}, from before Kafka 0.11 (message.format.version): copy the topic with a ` +
      `client of today`,
  );
}
