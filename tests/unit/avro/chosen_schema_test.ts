import assert from "node:assert/strict";
import type { Buffer } from "node:buffer";
import { chosenSchema } from "../../../lib/avro/chosen_schema.ts";
import { ValueDecoder } from "../../support/value_decoder.ts";
import { ORDER_SCHEMA } from "../../../lib/avro/order_schema.ts";
import { EXIT } from "../../../lib/errors.ts";

const ORDER = { order_id: "a", user: "zoë", item: "book", quantity: 2, created_at: 1_700_000_000_000 };

function schemaWith(change: { more?: unknown[]; fields?: Record<string, unknown>; name?: string }): string {
  const fields = ORDER_SCHEMA.fields.map((field) => ({ ...field, type: change.fields?.[field.name] ?? field.type }));
  return JSON.stringify({ ...ORDER_SCHEMA, name: change.name ?? "Order", fields: [...fields, ...change.more ?? []] });
}

async function readAgain(json: string, value: Buffer) {
  const decoder = new ValueDecoder({ find: () => Promise.resolve({ schema: json }) });
  await decoder.prepare([value]);
  return decoder.decode(value, 0);
}

Deno.test("chosenSchema() writes orders with defaults or generated values in the additional fields", async () => {
  const more = [
    { name: "note", type: "string", default: "none" },
    { name: "gift", type: ["null", "boolean"], default: null },
    { name: "weight", type: "double" },
    { name: "tags", type: { type: "array", items: "string" } },
    { name: "__proto__x", type: { type: "enum", name: "Size", symbols: ["S", "M"] } },
  ];
  const schema = chosenSchema("x.avsc", schemaWith({ more, fields: { user: ["null", "string"], quantity: "long" } }));
  const { note, gift, weight, ...rest } = schema.record(ORDER);
  assert.deepEqual([note, gift, typeof weight], ["none", null, "number"]);
  assert.equal(rest.order_id, "a");
  for (let turn = 0; turn < 50; turn++) {
    assert.deepEqual(await readAgain(schema.json, schema.encode(7, ORDER)), { order: ORDER });
  }
});

const REFUSED: Record<string, [text: string, exit: number, said: RegExp]> = {
  "no JSON": ["{", EXIT.data, /^x\.avsc is not an Avro schema: /],
  "no schema": ['{"type":"recrod"}', EXIT.data, /is not an Avro schema: /],
  "an unknown type": [schemaWith({ fields: { user: "com.example.Name" } }), EXIT.data, /undefined type name/],
  "another type": ['"string"', EXIT.config, /^Orders cannot be sent with x\.avsc: it is not record Order$/],
  "a union": [`[${schemaWith({})}]`, EXIT.config, /it is not record Order$/],
  "another record": [schemaWith({ name: "Invoice" }), EXIT.config, /record Invoice is not record Order$/],
  "a missing field": [JSON.stringify({ ...ORDER_SCHEMA, fields: [] }), EXIT.config, /it has no order_id$/],
  "a missing time": [
    JSON.stringify({ ...ORDER_SCHEMA, fields: ORDER_SCHEMA.fields.slice(0, 4) }),
    EXIT.config,
    /created_at would be read as 0 in place of 1700000000123/,
  ],
  "another unit of time": [
    schemaWith({ fields: { created_at: { type: "long", logicalType: "timestamp-micros" } } }),
    EXIT.config,
    /give it the type \{"type":"long","logicalType":"timestamp-millis"\}$/,
  ],
  "a text for a number": [schemaWith({ fields: { quantity: "string" } }), EXIT.config, /quantity cannot be read from/],
  "bytes for a text": [schemaWith({ fields: { user: "bytes" } }), EXIT.config, /^Orders cannot be sent with x\.avsc: /],
  "a record without end": [
    schemaWith({ more: [{ name: "next", type: { type: "record", name: "N", fields: [{ name: "n", type: "N" }] } }] }),
    EXIT.config,
    /^Orders cannot be sent with x\.avsc: /,
  ],
};

for (const [what, [text, exit, said]] of Object.entries(REFUSED)) {
  Deno.test(`chosenSchema() refuses ${what} in one line`, () => {
    assert.throws(() => chosenSchema("x.avsc", text), (error: Error & { exit: number }) => {
      assert.equal(error.exit, exit, error.message);
      assert.match(error.message, said);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  });
}
