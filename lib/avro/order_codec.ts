import { Buffer } from "node:buffer";
import avro, { type Type, type types } from "avsc";
import { counted } from "../counted.ts";
import type { RecordDecoder } from "../decode_batch.ts";
import { messageOf } from "../errors.ts";
import { NameTable } from "../name_table.ts";
import type { Order } from "../order.ts";
import type { OrderColumns } from "../order_columns.ts";
import { HEADER_BYTES, MAGIC, schemaIdAt, schemaIdIn } from "../wire_format.ts";
import { BodyReader } from "./body_reader.ts";
import { OrderReader } from "./order_reader.ts";
import { isInMillis, orderResolver, type ReadInto } from "./order_resolver.ts";
import { ORDER_SCHEMA, SENT_SCHEMA } from "./order_schema.ts";
import type { WriterSchemas } from "./schema_registry.ts";
import { type WriterSchema, writerType } from "./writer_type.ts";

/** How long the answer "no such schema" holds, in milliseconds; the id may be registered later. */
const REFUSAL_MS = 30_000;
/** Concurrent lookups: a batch of poison may name thousands of ids. */
const PARALLEL_LOOKUPS = 8;

const ORDER = avro.Type.forSchema(ORDER_SCHEMA);
const SENT = avro.Type.forSchema(SENT_SCHEMA);

/** Records in columns: the value of each is `bytes[valueFrom, valueTo)`, and null where `valueTo` is -1. */
export interface RecordColumns {
  readonly length: number;
  readonly bytes: ArrayLike<Buffer>;
  readonly valueFrom: ArrayLike<number>;
  readonly valueTo: ArrayLike<number>;
  readonly offset: ArrayLike<number>;
  /** Milliseconds since the epoch, as the broker has it: it stands in for a missing `created_at`. */
  readonly timestamp: ArrayLike<number>;
}

/** A single value as {@linkcode RecordColumns}. */
export function asRecord(value: Buffer | null, { offset = 0, timestamp = 0 } = {}): RecordColumns {
  const bytes = [value ?? Buffer.alloc(0)];
  return { length: 1, bytes, valueFrom: [0], valueTo: [value?.length ?? -1], offset: [offset], timestamp: [timestamp] };
}

type Writer =
  /** `isOurs`: written with our own schema, as almost everything is. */
  | { read: ReadInto; isOurs: boolean }
  /** `until` is in milliseconds since the epoch. */
  | { undecodable: string; until: number };

/** Messages are built one after the other in a slab: a buffer for each took more time than the encoding. */
const SLAB_BYTES = 64 << 10;
let slab = Buffer.alloc(0);
let slabUsed = 0;

/** `order` in the Confluent wire format. Throws where a field does not fit the schema. */
export function encodeOrder(schemaId: number, order: Order): Buffer {
  const start = slabUsed;
  const end = SENT.encode(order, slab, start + HEADER_BYTES);
  if (end < 0) { // avsc's way to say how many bytes were missing
    slab = Buffer.alloc(Math.max(SLAB_BYTES, slab.length - start - end));
    slabUsed = 0;
    return encodeOrder(schemaId, order);
  }
  slab[start] = MAGIC;
  slab.writeInt32BE(schemaId, start + 1);
  slabUsed = end;
  return slab.subarray(start, end);
}

/**
 * Reads orders written with any schema of one subject, as long as it describes an order.
 *
 * `prepare` asks the registry for the schemas not known yet; `decode` then works without waiting.
 */
export class OrderDecoder implements RecordDecoder<RecordColumns> {
  readonly #schemas: WriterSchemas;
  readonly #now: () => number;
  readonly #writers = new Map<number, Writer>();
  /** What each batch was prepared with: until it is decoded, others may forget a refusal. */
  readonly #prepared = new WeakMap<RecordColumns, Map<number, Writer>>();
  readonly #reader = new OrderReader();
  #names = new NameTable();
  /** The id of our own schema seen last: nearly every record has it. */
  #usualId: number | undefined;

  constructor(schemas: WriterSchemas, options: { now?: () => number } = {}) {
    this.#schemas = schemas;
    this.#now = options.now ?? Date.now;
  }

  /** Where the names of the next batch get their numbers. */
  get names(): NameTable {
    if (this.#names.isFull) this.#names = new NameTable();
    return this.#names;
  }

  /**
   * Looks up each schema that values were written with, once.
   *
   * Rejects with `RegistryUnavailable` if the registry cannot tell. Nothing may be decoded then; call again to retry.
   * Permission: net to the registry.
   */
  async prepare(records: RecordColumns): Promise<void> {
    this.#forgetUnusable();
    const writers = new Map<number, Writer>();
    const unknown: number[] = [];
    for (const id of this.#unusualIds(records)) {
      const writer = this.#writers.get(id);
      if (writer === undefined) unknown.push(id);
      else writers.set(id, writer);
    }
    while (unknown.length > 0) {
      const ids = unknown.splice(0, PARALLEL_LOOKUPS);
      await Promise.all(ids.map(async (id) => writers.set(id, await this.#resolve(id))));
    }
    if (writers.size > 0) this.#prepared.set(records, writers);
  }

  /** Decodes one of the records last prepared; throws for any other, which is a caller's mistake. */
  decode(records: RecordColumns, row: number, into: OrderColumns): string | undefined {
    const bytes = records.bytes[row];
    const from = records.valueFrom[row];
    const to = records.valueTo[row];
    const id = schemaIdAt(bytes, from, to);
    const isRead = id !== undefined && id === this.#usualId &&
      this.#reader.read(bytes, from + HEADER_BYTES, to, records.offset[row], into);
    return isRead ? undefined : this.#decode(records, row, into);
  }

  #decode(records: RecordColumns, row: number, into: OrderColumns) {
    const { bytes, valueFrom, valueTo, offset, timestamp } = records;
    if (valueTo[row] < 0) return "Null value";
    const value = bytes[row].subarray(valueFrom[row], valueTo[row]);
    const id = schemaIdIn(value);
    if (id === undefined) return headerFault(value);
    const writer = this.#prepared.get(records)?.get(id) ?? this.#writers.get(id);
    if (writer === undefined) throw new Error(`Cannot decode: schema ${id} was not prepared`);
    if ("undecodable" in writer) return writer.undecodable;
    if (writer.isOurs) {
      this.#usualId = id;
      if (this.#reader.read(value, HEADER_BYTES, value.length, offset[row], into)) return undefined;
    }
    const decoded = decodeBody(value, writer.read, timestamp[row]);
    if (typeof decoded === "string") return decoded;
    const { topic, partition } = into;
    into.add({ order: decoded, at: { topic, partition, offset: offset[row] } });
  }

  #unusualIds({ length, bytes, valueFrom, valueTo }: RecordColumns): Set<number> {
    const ids = new Set<number>();
    for (let row = 0; row < length; row++) {
      const id = schemaIdAt(bytes[row], valueFrom[row], valueTo[row]);
      if (id !== undefined && id !== this.#usualId) ids.add(id);
    }
    return ids;
  }

  #forgetUnusable(): void {
    for (const [id, writer] of this.#writers) {
      if ("undecodable" in writer && writer.until <= this.#now()) this.#writers.delete(id);
    }
  }

  async #resolve(id: number): Promise<Writer> {
    const found = await this.#schemas.find(id);
    const read = "unusable" in found ? found.unusable : translate(id, found);
    const writer = typeof read === "string" ? { undecodable: read, until: this.#now() + REFUSAL_MS } : read;
    this.#writers.set(id, writer);
    return writer;
  }
}

/** What is wrong with the bytes before the Avro body. */
function headerFault(value: Buffer): string {
  if (value.length < HEADER_BYTES) {
    return `Only ${counted(value.length, "byte")}, a schema id alone takes ${HEADER_BYTES}`;
  }
  return `First byte is ${value[0]}, not ${MAGIC} as in the Confluent wire format`;
}

/** How to read values of a schema as orders; a string says why that is impossible. */
function translate(id: number, schema: WriterSchema): { read: ReadInto; isOurs: boolean } | string {
  try {
    const writer = writerType(schema);
    return { read: orderResolver(writer), isOurs: isOurs(writer) };
  } catch (error) {
    return `Schema ${id} cannot be read as an order: ${reasonOf(error)}`;
  }
}

function isOurs(writer: Type): boolean {
  return ORDER.equals(writer) && isInMillis(writer as types.RecordType);
}

function decodeBody(value: Buffer, read: ReadInto, writtenAt: number): Order | string {
  const order: Order = { order_id: "", user: "", item: "", quantity: 0, created_at: writtenAt };
  const body = new BodyReader(value, HEADER_BYTES);
  try {
    read(body, order);
  } catch (error) {
    return reasonOf(error);
  }
  return body.left > 0 ? `${counted(body.left, "byte")} too many after the Avro body` : order;
}

function reasonOf(error: unknown): string {
  if (error instanceof RangeError) return "it is nested too deep";
  return messageOf(error).replace(/\s+/g, " ");
}
