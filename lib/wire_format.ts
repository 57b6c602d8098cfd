import type { Buffer } from "node:buffer";

// The Confluent wire format: a zero byte, the schema id as a big-endian int32, the Avro body.
export const MAGIC = 0;
export const HEADER_BYTES = 5;

/** The id of the schema that a value was written with; undefined if its bytes do not start like the format. */
export function schemaIdIn(value: Buffer | null): number | undefined {
  return value === null ? undefined : schemaIdAt(value, 0, value.length);
}

/** The same of the value `bytes[from, to)`. */
export function schemaIdAt(bytes: Buffer, from: number, to: number): number | undefined {
  return to - from >= HEADER_BYTES && bytes[from] === MAGIC ? bytes.readInt32BE(from + 1) : undefined;
}
