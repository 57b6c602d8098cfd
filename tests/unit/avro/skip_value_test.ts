import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import avro from "avsc";
import fc from "fast-check";
import { BodyReader } from "../../../lib/avro/body_reader.ts";
import { skipperOf } from "../../../lib/avro/skip_value.ts";

const NODE = { type: "record", name: "Node", fields: [{ name: "next", type: ["null", "Node"] }] };

/** Schemas of every kind, inside one another. */
const schemas = fc.letrec<{ schema: avro.Schema }>((again) => ({
  schema: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<avro.Schema>("null", "boolean", "int", "long", "float", "double", "bytes", "string"),
    fc.nat(9).map((size) => named({ type: "fixed", size })),
    fc.constant(undefined).map(() => named({ type: "enum", symbols: ["A", "B"] })),
    again("schema").map((items) => ({ type: "array", items }) as avro.Schema),
    again("schema").map((values) => ({ type: "map", values }) as avro.Schema),
    again("schema").filter((schema) => schema !== "null" && !Array.isArray(schema)).map((schema) =>
      ["null", schema] as unknown as avro.Schema
    ),
    fc.array(again("schema"), { maxLength: 4 }).map((types) =>
      named({ type: "record", fields: types.map((type, index) => ({ name: `f${index}`, type })) })
    ),
  ),
})).schema;

let names = 0;
function named(schema: object): avro.Schema {
  return { ...schema, name: `T${names++}` } as unknown as avro.Schema;
}

function bytesSkipped(schema: avro.Schema, bytes: Uint8Array): number {
  const body = new BodyReader(Buffer.from(bytes), 0);
  skipperOf(avro.Type.forSchema(schema))(body);
  return bytes.length - body.left;
}

/** A zigzag varint. */
function long(value: number): Buffer {
  return avro.Type.forSchema("long").toBuffer(value);
}

Deno.test("a skipper passes over exactly what avsc writes, whatever the schema", { permissions: "none" }, () => {
  fc.assert(fc.property(schemas, fc.uint8Array({ maxLength: 3 }), (schema, behind) => {
    const type = avro.Type.forSchema(schema);
    const written = type.toBuffer(type.random());
    // Items of no bytes may be more than the bytes there are.
    const padded = Buffer.concat([written, Buffer.alloc(2_000), behind]);
    assert.equal(bytesSkipped(schema, padded), written.length);
  }));
});

Deno.test("a skipper ends within the bytes or says what is wrong, whatever they are", { permissions: "none" }, () => {
  fc.assert(
    fc.property(schemas, fc.uint8Array({ maxLength: 40 }), (schema, bytes) => {
      try {
        assert.ok(bytesSkipped(schema, bytes) <= bytes.length);
      } catch (error) {
        assert.match((error as Error).message, /^(Truncated: |Not a valid Avro body: )/);
      }
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("a skipper believes no count of items and no size of a block", { permissions: "none" }, () => {
  const array = (items: unknown) => ({ type: "array", items }) as avro.Schema;
  const manyNulls = Buffer.concat([long(1e8), long(0)]);
  const nothing = { type: "record", name: "Nothing", fields: [] };
  for (const items of ["null", "string", "int", nothing, array("null"), { type: "map", values: "null" }]) {
    for (const count of [2 ** 20, 2 ** 50, -(2 ** 50)]) {
      assert.throws(() => bytesSkipped(array(items), long(count)), /more items than bytes|Truncated/);
    }
    assert.throws(() => bytesSkipped(array(items), manyNulls), /more items than bytes/);
  }
  // A block that says it is as long as to begin again at itself.
  const again = Buffer.concat([long(-1), long(-4), Buffer.alloc(2)]);
  assert.equal(bytesSkipped(array("int"), again), 4);
  // Nested: each inner array has as many nulls as it may, and all together have more.
  const nested = Buffer.concat([long(100), ...Array.from({ length: 100 }, () => [long(300), long(0)]).flat(), long(0)]);
  assert.throws(() => bytesSkipped(array(array("null")), nested), /more items than bytes/);
});

Deno.test("a skipper survives a list that is a million deep", { permissions: "none" }, () => {
  assert.equal(bytesSkipped(NODE as avro.Schema, Buffer.from([2, 2, 2, 0])), 4);
  assert.throws(() => bytesSkipped(NODE as avro.Schema, Buffer.alloc(1_000_000, 2)), /./);
});
