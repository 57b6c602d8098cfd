import { Buffer, isUtf8 } from "node:buffer";
import { EXIT, Failure, messageOf } from "../../errors.ts";
import { type Header, NO_HEADERS } from "../../header.ts";
import type { TopicRecord } from "../../ports.ts";
import { LEFT_OUT_HEADER } from "../../topics.ts";
import { decompress, MAX_DECOMPRESSED_BYTES } from "./codecs.ts";
import { AT, BEFORE_LENGTH, CODEC, CONTROL, FORMAT, IN_TRANSACTION, LOG_APPEND_TIME } from "./record_format.ts";
import { VarintReader } from "../../varint_reader.ts";

/** The most records in a batch; 1 MiB, the default limit of producers, has room for fewer even of the smallest. */
const MAX_RECORDS = 200_000;
/** Headers kept per record, and per batch; each takes up to a hundred times its size in memory. */
const MAX_HEADERS = 10_000;
const MAX_BATCH_HEADERS = 100_000;
/** How much larger a dead letter is than its record, because of the error headers: in bytes, and in headers. */
const DEAD_LETTER_ROOM = { bytes: 64 << 10, headers: 16 };
const NO_ROOM = { bytes: 0, headers: 0 };
/** The most records handled at once; between two groups heartbeats are sent and a stop is noticed. */
export const MAX_GROUP = 5_000;

/** Where batches come from, and how many bytes their fetch may still decompress. */
export interface FetchBounds {
  topic: string;
  partition: number;
  ofDeadLetters: boolean;
  left: { bytes: number };
  /** Whether any record from offset `first` to `last` is wanted; by default all are. */
  wants?(first: number, last: number): boolean;
}

/** A record of a topic. Its bytes are a view of the whole fetch, so it keeps all of the fetch in memory. */
export class FetchedRecord implements TopicRecord {
  offset: number;
  /** Milliseconds since the epoch, as the broker has it. */
  timestamp: number;
  value: Buffer | null;
  headers: readonly Header[];
  readonly #reader: VarintReader;
  readonly #keyAt: number;

  /** `reader` is at the key. */
  constructor(offset: number, timestamp: number, reader: VarintReader) {
    this.offset = offset;
    this.timestamp = timestamp;
    this.#reader = reader;
    this.#keyAt = reader.at;
    reader.skip();
    this.value = reader.bytes();
    this.headers = NO_HEADERS;
  }

  /**
   * Read lazily, because it is seldom needed: a view for each record would be a tenth of all garbage. A copy by
   * `{...record}` lacks it.
   */
  get key(): Buffer | null {
    return this.#reader.bytesAt(this.#keyAt);
  }
}

/**
 * The records that one producer sent together, read lazily; compaction may have left none of them.
 *
 * kafkajs treats it as a message: it looks at `offset`, and skips it if `isControlRecord` is true.
 */
export class RecordBatch {
  /** Offset of the last record, in decimal: kafkajs keeps offsets as text. */
  readonly offset: string;
  /**
   * True for a marker that ends a producer's transaction, and for what {@linkcode passOverAborted} marks as aborted.
   */
  isControlRecord: boolean;
  readonly isMarker: boolean;
  readonly producerId: string;
  readonly inTransaction: boolean;
  readonly #baseOffset: number;
  readonly #baseTimestamp: number;
  /** Undefined if each record has its own timestamp. */
  readonly #appendedAt: number | undefined;
  readonly #count: number;
  /** The decompressed records. */
  readonly #bytes: Buffer;

  readonly #room: typeof NO_ROOM;

  private constructor(header: Buffer, { ofDeadLetters, wants }: FetchBounds) {
    const attributes = header.readInt16BE(AT.attributes);
    this.#baseOffset = Number(header.readBigInt64BE(AT.baseOffset));
    this.offset = String(this.#baseOffset + header.readInt32BE(AT.lastOffsetDelta));
    this.isMarker = (attributes & CONTROL) !== 0;
    this.isControlRecord = this.isMarker;
    this.producerId = header.readBigInt64BE(AT.producerId).toString();
    this.inTransaction = (attributes & IN_TRANSACTION) !== 0;
    this.#baseTimestamp = Number(header.readBigInt64BE(AT.baseTimestamp));
    const appended = (attributes & LOG_APPEND_TIME) !== 0;
    this.#appendedAt = appended ? Number(header.readBigInt64BE(AT.maxTimestamp)) : undefined;
    this.#room = ofDeadLetters ? DEAD_LETTER_ROOM : NO_ROOM;
    // A batch that nobody wants counts as empty, because it may be unreadable.
    const isWanted = wants?.(this.#baseOffset, Number(this.offset)) ?? true;
    this.#count = isWanted ? header.readInt32BE(AT.recordCount) : 0;
    if (this.#count > MAX_RECORDS) throw new Error(`it has ${this.#count} records, more than ${MAX_RECORDS}`);
    const records = header.subarray(AT.records);
    const codec = attributes & CODEC;
    // No records: nothing to decompress.
    const isPlain = codec === 0 || this.#count === 0;
    this.#bytes = isPlain ? records : decompress(codec, records, MAX_DECOMPRESSED_BYTES + this.#room.bytes);
  }

  /**
   * The batches in what a broker sent of a partition. The last one may be cut short and is left for the next fetch, as
   * are those beyond the memory limit. An unreadable one is a {@linkcode Failure} (65) once all before it are handled,
   * so that skipping it does not skip those.
   */
  static readAll(bytes: Buffer, bounds: FetchBounds): RecordBatch[] {
    const batches: RecordBatch[] = [];
    for (let at = 0; at + AT.records <= bytes.length && bounds.left.bytes > 0;) {
      const end = at + BEFORE_LENGTH + bytes.readInt32BE(at + AT.length);
      const format = bytes[at + AT.magic];
      if (format !== FORMAT) throw oldFormat(format);
      if (end > bytes.length) break;
      const header = bytes.subarray(at, end);
      try {
        const batch = new RecordBatch(header, bounds);
        batches.push(batch);
        if (batch.#bytes.buffer !== bytes.buffer) bounds.left.bytes -= batch.#bytes.length;
      } catch (error) {
        if (batches.length > 0) break;
        throw unreadable(header, bounds, error);
      }
      at = end;
    }
    return batches;
  }

  /** The records from `offset` on. */
  records(offset = 0): FetchedRecord[] {
    const records: FetchedRecord[] = [];
    const reader = new VarintReader(this.#bytes);
    let headersLeft = MAX_BATCH_HEADERS;
    for (let read = 0; read < this.#count; read++) {
      const end = reader.int() + reader.at;
      reader.at++; // attributes, unused
      const timestamp = this.#baseTimestamp + reader.int();
      const recordOffset = this.#baseOffset + reader.int();
      const record = new FetchedRecord(recordOffset, this.#appendedAt ?? timestamp, reader);
      const headers = reader.int();
      if (headers > 0) {
        const most = Math.min(MAX_HEADERS, headersLeft) + this.#room.headers;
        record.headers = readHeaders(reader, headers, most);
        headersLeft = Math.max(0, headersLeft - headers);
      }
      if (record.offset >= offset) records.push(record);
      reader.at = end;
    }
    return records;
  }
}

/**
 * The records from `offset` on in a batch of a batch consumer, in groups of `size` by offset; the last group may be
 * empty. Each group is read lazily: all of a fetch at once may take many times its size in memory.
 */
export function* recordGroups(
  { messages }: { messages: readonly unknown[] },
  offset: number,
  size = MAX_GROUP,
): Generator<{ records: FetchedRecord[]; isLast: boolean }> {
  let records: FetchedRecord[] = [];
  for (const batch of messages as readonly RecordBatch[]) {
    for (const record of batch.records(offset)) {
      if (records.length === size) {
        yield { records, isLast: false };
        records = [];
      }
      records.push(record);
    }
  }
  yield { records, isLast: true };
}

function readHeaders(reader: VarintReader, count: number, most: number): Header[] {
  const headers: Header[] = [];
  for (let read = Math.min(count, most); read > 0; read--) {
    const name = reader.bytes() ?? Buffer.alloc(0);
    headers.push([isUtf8(name) ? name.toString() : name, reader.bytes()]);
  }
  if (count > most) headers.push([LEFT_OUT_HEADER, Buffer.from(String(count - most))]);
  return headers;
}

function unreadable(header: Buffer, { topic, partition }: FetchBounds, cause: unknown): Failure {
  const first = Number(header.readBigInt64BE(AT.baseOffset));
  const last = first + header.readInt32BE(AT.lastOffsetDelta);
  const failure = new Failure(
    EXIT.data,
    `Cannot read the batch of offsets ${first} to ${last} in partition ${partition} of ${topic}: ${
      messageOf(cause)
    }. ` +
      `To go on without it: deno task consume --reset --reset-to ${last + 1} --partitions ${partition}`,
  ); // without a cause: kafkajs would pass on the cause instead
  // kafkajs retries any error that does not say it is not retriable.
  return Object.assign(failure, { retriable: false });
}

function oldFormat(format: number): Failure {
  return new Failure(
    EXIT.data,
    `Cannot read records of format ${format}, from before Kafka 0.11 (message.format.version): copy the topic with a ` +
      `client of today`,
  );
}
