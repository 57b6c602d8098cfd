import { Buffer } from "node:buffer";
import { HEADER_BYTES, schemaIdIn } from "../wire_format.ts";
import { BodyReader } from "./body_reader.ts";
import { OrderDecoder } from "./order_codec.ts";
import type { FoundSchema, WriterSchemas } from "./schema_registry.ts";
import { skipperOf } from "./skip_value.ts";
import { writerType } from "./writer_type.ts";

/** Answers of the registry that are kept at most: a topic full of poison may name millions of ids. */
const MAX_KNOWN = 1_000;

/** What can be told of a message value. */
export interface ReadValue {
  /** Missing where the bytes do not start like the wire format. */
  schemaId?: number;
  /** As JSON, where the schema belongs to the topic and the bytes follow it. */
  decoded?: string;
  /** Why it is no order; missing where it is one as things stand now. */
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

  /** Rejects with `RegistryUnavailable` where the registry cannot tell. Permission: net to the registry. */
  async read(bytes: Uint8Array | null): Promise<ReadValue> {
    const value = bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    await this.#orders.prepare([value]);
    const answer = this.#orders.decode(value, 0);
    const undecodable = "undecodable" in answer ? answer.undecodable : undefined;
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
    known.catch(() => this.#known.delete(id)); // an outage is no answer
    return known;
  }
}

/** The value by its writer's schema, fields and all that are not ours; only those of our own subject are trusted. */
function decode(value: Buffer, found: FoundSchema): string | undefined {
  if ("unusable" in found) return undefined;
  try {
    const type = writerType(found);
    skipperOf(type)(new BodyReader(value, HEADER_BYTES)); // throws where avsc would be busy without end
    const { value: read, offset } = type.decode(value, HEADER_BYTES);
    return offset < 0 ? undefined : type.toString(read);
  } catch {
    return undefined; // the bytes do not follow the schema
  }
}
