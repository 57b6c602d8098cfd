import type { Buffer } from "node:buffer";
import { EXIT, Failure, messageOf } from "../../errors.ts";
import { decompress, MAX_DECOMPRESSED_BYTES } from "./codecs.ts";
import { type FetchedRecord, FetchedRecords } from "./fetched_records.ts";
import { AT, BEFORE_LENGTH, CODEC, CONTROL, FORMAT, IN_TRANSACTION, LOG_APPEND_TIME } from "./record_format.ts";
import { type BatchContents, RecordReader } from "./record_reader.ts";

/** The most records in a batch; 1 MiB, the default limit of producers, has room for fewer even of the smallest. */
const MAX_RECORDS = 200_000;
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
  /** Decompressed. */
  readonly #contents: BatchContents;

  private constructor(header: Buffer, { ofDeadLetters, wants }: FetchBounds) {
    const attributes = header.readInt16BE(AT.attributes);
    const baseOffset = Number(header.readBigInt64BE(AT.baseOffset));
    this.offset = String(baseOffset + header.readInt32BE(AT.lastOffsetDelta));
    this.isMarker = (attributes & CONTROL) !== 0;
    this.isControlRecord = this.isMarker;
    this.producerId = header.readBigInt64BE(AT.producerId).toString();
    this.inTransaction = (attributes & IN_TRANSACTION) !== 0;
    const appended = (attributes & LOG_APPEND_TIME) !== 0;
    const room = ofDeadLetters ? DEAD_LETTER_ROOM : NO_ROOM;
    // A batch that nobody wants counts as empty, because it may be unreadable.
    const isWanted = wants?.(baseOffset, Number(this.offset)) ?? true;
    const count = isWanted ? header.readInt32BE(AT.recordCount) : 0;
    if (count > MAX_RECORDS) throw new Error(`it has ${count} records, more than ${MAX_RECORDS}`);
    const records = header.subarray(AT.records);
    const codec = attributes & CODEC;
    // No records: nothing to decompress.
    const isPlain = codec === 0 || count === 0;
    this.#contents = {
      bytes: isPlain ? records : decompress(codec, records, MAX_DECOMPRESSED_BYTES + room.bytes),
      count,
      baseOffset,
      baseTimestamp: Number(header.readBigInt64BE(AT.baseTimestamp)),
      appendedAt: appended ? Number(header.readBigInt64BE(AT.maxTimestamp)) : undefined,
      headerRoom: room.headers,
    };
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
        const { bytes: records } = batch.#contents;
        if (records.buffer !== bytes.buffer) bounds.left.bytes -= records.length;
      } catch (error) {
        if (batches.length > 0) break;
        throw unreadable(header, bounds, error);
      }
      at = end;
    }
    return batches;
  }

  /** How many records there are. */
  get count(): number {
    return this.#contents.count;
  }

  /** Reads the records from `offset` on, some at a time. */
  reader(offset: number): RecordReader {
    return new RecordReader(this.#contents, offset);
  }

  /** The records from `offset` on. */
  records(offset = 0): FetchedRecord[] {
    const records = new FetchedRecords(this.count);
    this.reader(offset).fill(records);
    return [...records];
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
): Generator<{ records: FetchedRecords; isLast: boolean }> {
  const batches = messages as readonly RecordBatch[];
  let left = batches.reduce((sum, { count }) => sum + count, 0);
  const emptyGroup = () => new FetchedRecords(Math.min(size, left));
  let records = emptyGroup();
  for (const batch of batches) {
    const reader = batch.reader(offset);
    while (reader.fill(records)) {
      yield { records, isLast: false };
      left -= records.length;
      records = emptyGroup();
    }
  }
  yield { records, isLast: true };
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
