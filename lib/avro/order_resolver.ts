import type { Type, types } from "avsc";
import type { Order } from "../order.ts";
import type { BodyReader } from "./body_reader.ts";
import { ORDER_SCHEMA } from "./order_schema.ts";
import { skipperOf } from "./skip_value.ts";
import { branchesOf, describeType, logicalTypeOf, underlying } from "./writer_type.ts";

/** Reads one value into `order`; throws if the bytes are not such a value, or not one an order can be read from. */
export type ReadInto = (body: BodyReader, order: Order) => void;

/** Nobody means numbers from here on; as milliseconds this is the year 144,683. */
const MAX_NUMBER = 2 ** 52;

/** How many of a unit of time make a millisecond. A time without a zone counts as UTC. */
const UNITS = new Map<string | undefined, number>([
  [undefined, 1],
  ["timestamp-millis", 1],
  ["timestamp-micros", 1_000],
  ["timestamp-nanos", 1_000_000],
  ["local-timestamp-millis", 1],
  ["local-timestamp-micros", 1_000],
  ["local-timestamp-nanos", 1_000_000],
]);

/**
 * How to read values of a type other than our own; throws if none of them can be an order.
 *
 * It follows Avro's rules with three exceptions. A null leaves its field of the order as it is. `created_at` may be
 * missing, because no decision depends on it. And its unit of time is taken into account.
 *
 * avsc's own resolver accepts or refuses a union as a whole, reads no number beyond 2^53 (any time in nanoseconds is),
 * and believes every count of items.
 */
export function orderResolver(writer: Type): ReadInto {
  return eachBranch(writer, recordReader);
}

/** Whether `writer`, otherwise our own type, has our unit of time. */
export function isInMillis(writer: types.RecordType): boolean {
  return UNITS.get(logicalTypeOf(writer.field("created_at").type)) === 1;
}

/** A union is read value by value: a branch that cannot be read only matters once a value uses it. */
function eachBranch(type: Type, readerOf: (branch: Type) => ReadInto): ReadInto {
  const branches = branchesOf(type);
  if (branches === undefined) return readerOf(type);
  const readers = branches.map((branch) => {
    try {
      return readerOf(branch);
    } catch (error) {
      return error as Error;
    }
  });
  if (readers.every((reader) => reader instanceof Error)) throw readers[0];
  return (body, order) => {
    const reader = readers[body.branch(readers.length)];
    if (reader instanceof Error) throw reader;
    reader(body, order);
  };
}

function recordReader(type: Type): ReadInto {
  const record = underlying(type) as types.RecordType;
  // Java clients give the record a namespace; the field names are what makes it an order.
  if (record.typeName !== "record" || record.name?.split(".").at(-1) !== ORDER_SCHEMA.name) {
    throw new Error(`${describeType(type)} is not record ${ORDER_SCHEMA.name}`);
  }
  const names = record.fields.map(({ name }) => name);
  const missing = ORDER_SCHEMA.fields.find(({ name }) => name !== "created_at" && !names.includes(name));
  if (missing !== undefined) throw new Error(`it has no ${missing.name}`);
  const fields = record.fields.map((field) => fieldReader(field.name, field.type));
  return (body, order) => {
    for (const read of fields) read(body, order);
  };
}

function fieldReader(name: string, type: Type): ReadInto {
  switch (name) {
    case "order_id":
    case "user":
    case "item":
      return eachBranch(type, (branch) => {
        if (isA(branch, "null")) return () => {};
        if (isA(branch, "string", "bytes")) return (body, order) => void (order[name] = body.text());
        throw unreadable(name, branch);
      });
    case "quantity":
      return eachBranch(type, (branch) => {
        if (isA(branch, "null")) return () => {};
        if (isA(branch, "int", "long")) return (body, order) => void (order.quantity = asNumber(name, body.long()));
        throw unreadable(name, branch);
      });
    case "created_at":
      return eachBranch(type, (branch) => {
        if (isA(branch, "null")) return () => {};
        const unit = UNITS.get(logicalTypeOf(branch));
        if (unit === undefined || !isA(branch, "int", "long")) throw unreadable(name, branch);
        return (body, order) => void (order.created_at = asNumber(name, divide(body.long(), unit)));
      });
    default:
      return skipperOf(type);
  }
}

function isA(type: Type, ...names: string[]): boolean {
  return names.includes(underlying(type).typeName);
}

function unreadable(field: string, type: Type): Error {
  return new Error(`${field} cannot be read from ${describeType(type)}`);
}

function asNumber(field: string, value: number | bigint): number {
  if (value >= MAX_NUMBER || value <= -MAX_NUMBER) throw new Error(`${field} ${value} is beyond 2^52`);
  return Number(value);
}

/** A time before 1970 is rounded down to its millisecond, like any other. */
function divide(value: number | bigint, by: number): number | bigint {
  if (typeof value === "number") return Math.floor(value / by);
  const unit = BigInt(by);
  return (value - (value % unit + unit) % unit) / unit;
}
