import type { Buffer } from "node:buffer";

// The Confluent wire format: a zero byte, the schema id as a big-endian int32, the Avro body.
export const MAGIC = 0;
export const HEADER_BYTES = 5;

/** The id of the schema that a value was written with; undefined if its bytes do not start like the format. */
export function schemaIdIn(value: Buffer | null): number | undefined {
  return value !== null && value.length >= HEADER_BYTES && value[0] === MAGIC ? value.readInt32BE(1) : undefined;
}
