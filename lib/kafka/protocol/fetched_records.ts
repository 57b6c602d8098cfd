import { Buffer, isUtf8 } from "node:buffer";
import { type Header, NO_HEADERS } from "../../header.ts";
import type { TopicRecord, TopicRecords } from "../../ports.ts";
import { LEFT_OUT_HEADER } from "../../topics.ts";
import { VarintReader } from "../../varint_reader.ts";

/** A record of a topic. Its bytes are a view of the whole fetch, so it keeps all of the fetch in memory. */
export interface FetchedRecord extends TopicRecord {
  key: Buffer | null;
  value: Buffer | null;
}

/** Where a record lies in a batch. */
export interface RecordPlace {
  /** The records of the batch. */
  bytes: Buffer;
  offset: number;
  /** Milliseconds since the epoch, as the broker has it. */
  timestamp: number;
  keyAt: number;
  /** The value is `bytes[valueFrom, valueTo)`; `valueTo` is -1 where it is null. */
  valueFrom: number;
  valueTo: number;
  headersAt: number;
  headers: number;
  /** How many of them are kept. */
  headersMost: number;
}

/**
 * Records of one partition, by offset: a row each, with a column per fact.
 *
 * Where a record's parts lie is all that is noted of it. {@linkcode at} makes an object of one, of which a consumer
 * needs few.
 */
export class FetchedRecords implements TopicRecords, Iterable<FetchedRecord> {
  readonly offset: Float64Array;
  readonly timestamp: Float64Array;
  /** What a record's places refer to: the records of its batch. */
  readonly bytes: Buffer[] = [];
  readonly valueFrom: Int32Array;
  /** -1 for a null value. */
  readonly valueTo: Int32Array;
  readonly #keyAt: Int32Array;
  readonly #headersAt: Int32Array;
  readonly #headers: Int32Array;
  readonly #headersMost: Int32Array;
  #length = 0;

  /** Room for `capacity` records. */
  constructor(capacity: number) {
    this.offset = new Float64Array(capacity);
    this.timestamp = new Float64Array(capacity);
    this.valueFrom = new Int32Array(capacity);
    this.valueTo = new Int32Array(capacity);
    this.#keyAt = new Int32Array(capacity);
    this.#headersAt = new Int32Array(capacity);
    this.#headers = new Int32Array(capacity);
    this.#headersMost = new Int32Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  get isFull(): boolean {
    return this.#length === this.offset.length;
  }

  add(place: RecordPlace): void {
    if (this.isFull) throw new RangeError(`No room for more than ${this.#length} records`); // it would be lost
    const row = this.#length++;
    this.bytes[row] = place.bytes;
    this.offset[row] = place.offset;
    this.timestamp[row] = place.timestamp;
    this.valueFrom[row] = place.valueFrom;
    this.valueTo[row] = place.valueTo;
    this.#keyAt[row] = place.keyAt;
    this.#headersAt[row] = place.headersAt;
    this.#headers[row] = place.headers;
    this.#headersMost[row] = place.headersMost;
  }

  /** Leaves out all but the first ones. */
  cut(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  hasHeaders(row: number): boolean {
    return this.#headers[row] > 0;
  }

  /** Undefined beyond the last. */
  at(row: number): FetchedRecord | undefined {
    if (!(row < this.#length)) return undefined;
    const bytes = this.bytes[row];
    return {
      offset: this.offset[row],
      timestamp: this.timestamp[row],
      key: new VarintReader(bytes).bytesAt(this.#keyAt[row]),
      value: this.valueTo[row] < 0 ? null : bytes.subarray(this.valueFrom[row], this.valueTo[row]),
      headers: this.hasHeaders(row) ? this.#readHeaders(row) : NO_HEADERS,
    };
  }

  *[Symbol.iterator](): Generator<FetchedRecord> {
    for (let row = 0; row < this.#length; row++) yield this.at(row)!;
  }

  #readHeaders(row: number): Header[] {
    const reader = new VarintReader(this.bytes[row], this.#headersAt[row]);
    const [count, most] = [this.#headers[row], this.#headersMost[row]];
    const headers: Header[] = [];
    for (let read = Math.min(count, most); read > 0; read--) {
      const name = reader.bytes() ?? Buffer.alloc(0);
      headers.push([isUtf8(name) ? name.toString() : name, reader.bytes()]);
    }
    if (count > most) headers.push([LEFT_OUT_HEADER, Buffer.from(String(count - most))]);
    return headers;
  }
}
