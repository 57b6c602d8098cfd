import type { Buffer } from "node:buffer";
import { VarintReader } from "../../varint_reader.ts";
import type { FetchedRecords, RecordPlace } from "./fetched_records.ts";

/** Headers kept per record, and per batch; each takes up to a hundred times its size in memory. */
const MAX_HEADERS = 10_000;
const MAX_BATCH_HEADERS = 100_000;

/** The records of a batch, and what they count from. */
export interface BatchContents {
  bytes: Buffer;
  count: number;
  baseOffset: number;
  baseTimestamp: number;
  /** Undefined if each record has its own timestamp. */
  appendedAt: number | undefined;
  /** Headers kept beyond the limits. */
  headerRoom: number;
}

/** Reads where the records of a batch lie, as many at a time as there is room for. */
export class RecordReader {
  readonly #contents: BatchContents;
  readonly #from: number;
  readonly #reader: VarintReader;
  #left: number;
  #headersLeft = MAX_BATCH_HEADERS;
  /** One object, filled anew for each record. */
  readonly #place: RecordPlace;

  /** The records from offset `from` on. */
  constructor(contents: BatchContents, from: number) {
    this.#contents = contents;
    this.#from = from;
    this.#reader = new VarintReader(contents.bytes);
    this.#left = contents.count;
    const nowhere = { keyAt: 0, valueFrom: 0, valueTo: 0, headersAt: 0, headers: 0, headersMost: 0 };
    this.#place = { bytes: contents.bytes, offset: 0, timestamp: 0, ...nowhere };
  }

  /** Adds records to `into` until it is full; returns whether the batch may have more. */
  fill(into: FetchedRecords): boolean {
    while (this.#left > 0 && !into.isFull) {
      this.#left--;
      this.#next();
      if (this.#place.offset >= this.#from) into.add(this.#place);
    }
    return this.#left > 0;
  }

  #next(): void {
    const { baseOffset, baseTimestamp, appendedAt, bytes, headerRoom } = this.#contents;
    const reader = this.#reader;
    const place = this.#place;
    const end = reader.int() + reader.at;
    reader.at++; // attributes, unused
    const timestamp = baseTimestamp + reader.int();
    place.timestamp = appendedAt ?? timestamp;
    place.offset = baseOffset + reader.int();
    place.keyAt = reader.at;
    reader.skip();
    const length = reader.int();
    place.valueFrom = reader.at;
    place.valueTo = length < 0 ? -1 : Math.min(reader.at + length, bytes.length);
    if (length > 0) reader.at += length;
    const headers = reader.int();
    place.headers = headers;
    if (headers > 0) {
      place.headersAt = reader.at;
      place.headersMost = Math.min(MAX_HEADERS, this.#headersLeft) + headerRoom;
      this.#headersLeft = Math.max(0, this.#headersLeft - headers);
    }
    reader.at = end;
  }
}
