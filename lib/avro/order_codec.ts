import { Buffer } from "node:buffer";
import avro, { type Type, type types } from "avsc";
import { messageOf } from "../errors.ts";
import type { Order } from "../order.ts";
import { HEADER_BYTES, MAGIC, schemaIdIn } from "../wire_format.ts";
import { BodyReader } from "./body_reader.ts";
import { OrderReader } from "./order_reader.ts";
import { isInMillis, orderResolver, type ReadInto } from "./order_resolver.ts";
import { ORDER_SCHEMA } from "./order_schema.ts";
import type { WriterSchemas } from "./schema_registry.ts";
import { type WriterSchema, writerType } from "./writer_type.ts";

/** How long the answer "no such schema" holds, in milliseconds; the id may be registered later. */
const REFUSAL_MS = 30_000;
/** Concurrent lookups: a batch of poison may name thousands of ids. */
const PARALLEL_LOOKUPS = 8;

const ORDER = avro.Type.forSchema(ORDER_SCHEMA);

/** An order, or one line that says why the bytes are not one. */
export type Decoded = { order: Order } | { undecodable: string };

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
  const end = ORDER.encode(order, slab, start + HEADER_BYTES);
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
export class OrderDecoder {
  readonly #schemas: WriterSchemas;
  readonly #now: () => number;
  readonly #writers = new Map<number, Writer>();
  readonly #reader = new OrderReader();

  constructor(schemas: WriterSchemas, options: { now?: () => number } = {}) {
    this.#schemas = schemas;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Looks up each schema that `values` were written with, once.
   *
   * Rejects with `RegistryUnavailable` if the registry cannot tell. Nothing may be decoded then; call again to retry.
   * Permission: net to the registry.
   */
  async prepare(values: Iterable<Buffer | null>): Promise<void> {
    this.#forgetUnusable();
    const unknown = new Set<number>();
    for (const value of values) {
      const id = schemaIdIn(value);
      if (id !== undefined && !this.#writers.has(id)) unknown.add(id);
    }
    const ids = [...unknown];
    while (ids.length > 0) {
      await Promise.all(ids.splice(0, PARALLEL_LOOKUPS).map((id) => this.#resolve(id)));
    }
  }

  /**
   * Decodes one of the values last prepared; throws for any other, which is a caller's mistake.
   *
   * `writtenAt` is the time of the record in Kafka, in milliseconds since the epoch: it stands in for a missing
   * `created_at`.
   */
  decode(value: Buffer | null, writtenAt: number): Decoded {
    if (value === null) return { undecodable: "Null value" };
    const id = schemaIdIn(value);
    if (id === undefined) return { undecodable: headerFault(value) };
    const writer = this.#writers.get(id);
    if (writer === undefined) throw new Error(`Cannot decode: schema ${id} was not prepared`);
    if ("undecodable" in writer) return { undecodable: writer.undecodable };
    const order = writer.isOurs ? this.#reader.read(value, HEADER_BYTES) : undefined;
    return order === undefined ? decodeBody(value, writer.read, writtenAt) : { order };
  }

  #forgetUnusable(): void {
    for (const [id, writer] of this.#writers) {
      if ("undecodable" in writer && writer.until <= this.#now()) this.#writers.delete(id);
    }
  }

  async #resolve(id: number): Promise<void> {
    const found = await this.#schemas.find(id);
    const writer = "unusable" in found ? found.unusable : translate(id, found);
    this.#writers.set(
      id,
      typeof writer === "string" ? { undecodable: writer, until: this.#now() + REFUSAL_MS } : writer,
    );
  }
}

/** What is wrong with the bytes before the Avro body. */
function headerFault(value: Buffer): string {
  if (value.length < HEADER_BYTES) return `Only ${value.length} bytes, a schema id alone takes ${HEADER_BYTES}`;
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

function decodeBody(value: Buffer, read: ReadInto, writtenAt: number): Decoded {
  const order: Order = { order_id: "", user: "", item: "", quantity: 0, created_at: writtenAt };
  const body = new BodyReader(value, HEADER_BYTES);
  try {
    read(body, order);
  } catch (error) {
    return { undecodable: reasonOf(error) };
  }
  return body.left > 0 ? { undecodable: `${body.left} bytes too many after the Avro body` } : { order };
}

function reasonOf(error: unknown): string {
  if (error instanceof RangeError) return "it is nested too deep";
  return messageOf(error).replace(/\s+/g, " ");
}
