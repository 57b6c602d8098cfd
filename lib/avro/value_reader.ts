import { Buffer } from "node:buffer";
import { OrderColumns } from "../order_columns.ts";
import { HEADER_BYTES, schemaIdIn } from "../wire_format.ts";
import { BodyReader } from "./body_reader.ts";
import { asRecord, OrderDecoder } from "./order_codec.ts";
import type { FoundSchema, WriterSchemas } from "./schema_registry.ts";
import { skipperOf } from "./skip_value.ts";
import { writerType } from "./writer_type.ts";

/** The most registry answers kept: a topic full of poison may name millions of ids. */
const MAX_KNOWN = 1_000;

const NOWHERE = { topic: "", partition: 0 };

/** What can be told about a message value. */
export interface ReadValue {
  /** Missing if the bytes do not start like the wire format. */
  schemaId?: number;
  /** As JSON, if the schema belongs to the topic and the bytes match it. */
  decoded?: string;
  /** Why it is not an order; missing if it can be read as one now. */
  undecodable?: string;
}

/** Reads message values of one topic as far as possible, order or not. */
export class ValueReader {
  readonly #schemas: WriterSchemas;
  readonly #known = new Map<number, Promise<FoundSchema>>();
  #orders: OrderDecoder;

  constructor(schemas: WriterSchemas) {
    this.#schemas = { find: (id) => this.#find(id, schemas) };
    this.#orders = new OrderDecoder(this.#schemas);
  }

  /** Rejects with `RegistryUnavailable` if the registry cannot tell. Permission: net to the registry. */
  async read(bytes: Uint8Array | null): Promise<ReadValue> {
    const value = bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const record = asRecord(value);
    await this.#orders.prepare(record);
    const undecodable = this.#orders.decode(record, 0, new OrderColumns(NOWHERE, 1, this.#orders.names));
    const schemaId = schemaIdIn(value);
    if (value === null || schemaId === undefined) return { undecodable };
    return { schemaId, decoded: decode(value, await this.#schemas.find(schemaId)), undecodable };
  }

  #find(id: number, schemas: WriterSchemas): Promise<FoundSchema> {
    if (this.#known.size >= MAX_KNOWN) {
      this.#known.clear();
      this.#orders = new OrderDecoder(this.#schemas);
    }
    const known = this.#known.get(id) ?? schemas.find(id);
    this.#known.set(id, known);
    known.catch(() => this.#known.delete(id)); // an outage is not an answer
    return known;
  }
}

/**
 * The value decoded with its writer's schema, including fields that ours lacks; only schemas of our own subject are
 * trusted.
 */
function decode(value: Buffer, found: FoundSchema): string | undefined {
  if ("unusable" in found) return undefined;
  try {
    const type = writerType(found);
    skipperOf(type)(new BodyReader(value, HEADER_BYTES)); // throws where avsc would run without end
    const { value: read, offset } = type.decode(value, HEADER_BYTES);
    return offset < 0 ? undefined : type.toString(read);
  } catch {
    return undefined; // the bytes do not match the schema
  }
}
