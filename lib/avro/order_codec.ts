import { Buffer } from "node:buffer";
import avro from "avsc";
import type { Order } from "../order.ts";
import { HEADER_BYTES, MAGIC, schemaIdIn } from "../wire_format.ts";
import { OrderReader } from "./order_reader.ts";
import { ORDER_SCHEMA } from "./order_schema.ts";
import type { WriterSchemas } from "./schema_registry.ts";

/** How long the answer "no such schema" holds, in milliseconds; the id may be registered later. */
const REFUSAL_MS = 30_000;
/** Lookups under way at once: a batch of poison may name thousands of ids. */
const PARALLEL_LOOKUPS = 8;

/**
 * avsc doubles a long on the wire in floating point: from 2^52 on it may be one off or of the other sign, which avsc
 * itself refuses only from 2^53 on. As milliseconds: the year 144,683.
 */
const EXACT_LONGS = 2 ** 52;

const ORDER = avro.Type.forSchema(ORDER_SCHEMA);

/** An order, or in one line why the bytes are none. */
export type Decoded = { order: Order } | { undecodable: string };

type Resolver = ReturnType<typeof ORDER.createResolver>;
type Writer =
  /** `resolver` is missing where the writer's schema is ours: reading needs no translation then. */
  | { resolver: Resolver | undefined }
  /** `until` is in milliseconds since the epoch. */
  | { undecodable: string; until: number };

/** Messages are built one behind the other in a slab: a buffer for each took more time than the encoding. */
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
 * Reads orders written with any compatible schema of one subject.
 *
 * `prepare` asks the registry for what is not known yet; `decode` then works without waiting.
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
   * Looks up the schemas that `values` were written with, each once.
   *
   * Rejects with `RegistryUnavailable` when the registry cannot tell; nothing may be decoded then, and calling again is
   * the way to retry. Permission: net to the registry.
   */
  async prepare(values: Iterable<Buffer | null>): Promise<void> {
    this.#forgetRefusals();
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

  /** Decodes one value of those last prepared; throws for one that was not, which is a mistake of the caller. */
  decode(value: Buffer | null): Decoded {
    if (value === null) return { undecodable: "Null value" };
    const id = schemaIdIn(value);
    if (id === undefined) return { undecodable: headerFault(value) };
    const writer = this.#writers.get(id);
    if (writer === undefined) throw new Error(`Cannot decode: schema ${id} was not prepared`);
    if ("undecodable" in writer) return { undecodable: writer.undecodable };
    const order = writer.resolver === undefined ? this.#reader.read(value, HEADER_BYTES) : undefined;
    return order === undefined ? decodeBody(value, writer.resolver) : { order };
  }

  #forgetRefusals(): void {
    for (const [id, writer] of this.#writers) {
      if ("undecodable" in writer && writer.until <= this.#now()) this.#writers.delete(id);
    }
  }

  async #resolve(id: number): Promise<void> {
    const found = await this.#schemas.find(id);
    const writer = "refused" in found ? found.refused : translate(id, found.schema);
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

/** How to read what was written with `schema` as an order; a string says why that is impossible. */
function translate(id: number, schema: string): { resolver: Resolver | undefined } | string {
  try {
    const writer = avro.Type.forSchema(JSON.parse(schema));
    if (ORDER.equals(writer)) return { resolver: undefined };
    // Java clients give the record a namespace; the field names are what makes it an order.
    return { resolver: ORDER.createResolver(writer, { ignoreNamespaces: true }) };
  } catch (error) {
    return `Schema ${id} cannot be read as an order: ${reasonOf(error)}`;
  }
}

function decodeBody(value: Buffer, resolver: Resolver | undefined): Decoded {
  try {
    const { value: read, offset } = ORDER.decode(value, HEADER_BYTES, resolver);
    if (offset < 0) return { undecodable: "Truncated: the Avro body ends early" };
    if (offset < value.length) return { undecodable: `${value.length - offset} bytes too many after the Avro body` };
    const { order_id, user, item, quantity, created_at } = read;
    if (Math.abs(created_at) >= EXACT_LONGS) return { undecodable: `created_at ${created_at} is beyond 2^52` };
    return { order: { order_id, user, item, quantity, created_at } };
  } catch (error) {
    return { undecodable: `Not a valid Avro body: ${reasonOf(error)}` };
  }
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ");
}
