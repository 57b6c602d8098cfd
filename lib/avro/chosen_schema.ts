import { Buffer } from "node:buffer";
import avro, { type Type, type types } from "avsc";
import { EXIT, Failure, messageOf } from "../errors.ts";
import type { Order } from "../order.ts";
import { HEADER_BYTES, MAGIC } from "../wire_format.ts";
import { BodyReader } from "./body_reader.ts";
import { orderResolver } from "./order_resolver.ts";
import { ORDER_SCHEMA } from "./order_schema.ts";
import { writerType } from "./writer_type.ts";

/** A schema other than our own that orders are sent with. */
export interface ChosenSchema {
  /** Where it is from, as it is named to a person. */
  name: string;
  json: string;
  /** The order with the schema's additional fields: their defaults, or random values where there are none. */
  record(order: Order): Record<string, unknown>;
  /** {@linkcode record} in the Confluent wire format. */
  encode(schemaId: number, order: Order): Buffer;
}

const FIELDS = ORDER_SCHEMA.fields.map(({ name }) => name);
const SAMPLE: Order = { order_id: "sample", user: "alice", item: "book", quantity: 3, created_at: 1_700_000_000_123 };

/**
 * A schema that orders can be sent with: it has our fields, in types that hold our values, and possibly more.
 *
 * Throws a `Failure` otherwise: 65 where `text` is no Avro schema, 78 where an order written with it would not be read
 * as the same order.
 */
export function chosenSchema(name: string, text: string): ChosenSchema {
  const type = recordType(name, text);
  const additional = type.fields.filter((field) => !FIELDS.includes(field.name));
  const record = (order: Order) => {
    const more = additional.map((field) => [field.name, valueOf(field)]);
    return { ...order, ...Object.fromEntries(more) };
  };
  const encode = (schemaId: number, order: Order) => {
    const header = Buffer.alloc(HEADER_BYTES);
    header[0] = MAGIC;
    header.writeInt32BE(schemaId, 1);
    return Buffer.concat([header, type.toBuffer(record(order))]);
  };
  requireSameOrder(name, type, encode);
  return { name, json: JSON.stringify(JSON.parse(text)), record, encode };
}

function recordType(name: string, text: string): types.RecordType {
  let type: Type;
  try {
    type = writerType({ schema: text });
  } catch (error) {
    throw new Failure(EXIT.data, `${name} is not an Avro schema: ${sentence(error)}`, { cause: error });
  }
  if (avro.Type.isType(type, "record")) return type as types.RecordType;
  throw new Failure(EXIT.config, `Orders cannot be sent with ${name}: it is not record ${ORDER_SCHEMA.name}`);
}

/** A default may be null, so that it is only missing where it is undefined. */
function valueOf(field: types.Field): unknown {
  const value = field.defaultValue();
  return value === undefined ? field.type.random() : value;
}

/** Writes an order and reads it as a consumer does. */
function requireSameOrder(name: string, type: types.RecordType, encode: ChosenSchema["encode"]): void {
  const read: Order = { order_id: "", user: "", item: "", quantity: 0, created_at: 0 };
  try {
    const readInto = orderResolver(type);
    readInto(new BodyReader(encode(0, SAMPLE), HEADER_BYTES), read);
  } catch (error) {
    throw new Failure(EXIT.config, `Orders cannot be sent with ${name}: ${sentence(error)}`, { cause: error });
  }
  const wrong = (Object.keys(SAMPLE) as (keyof Order)[]).find((field) => read[field] !== SAMPLE[field]);
  if (wrong === undefined) return;
  const ours = JSON.stringify(ORDER_SCHEMA.fields.find((field) => field.name === wrong)!.type);
  throw new Failure(
    EXIT.config,
    `Orders cannot be sent with ${name}: ${wrong} would be read as ${read[wrong]} in place of ${SAMPLE[wrong]}; ` +
      `give it the type ${ours}`,
  );
}

function sentence(error: unknown): string {
  return messageOf(error).replace(/\s+/g, " ");
}
