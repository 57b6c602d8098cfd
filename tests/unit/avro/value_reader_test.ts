import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import avro from "avsc";
import { ORDER_SCHEMA } from "../../../lib/avro/order_schema.ts";
import { ValueReader } from "../../../lib/avro/value_reader.ts";
import { wire } from "../../support/raw_records.ts";

function readerOf(schema: unknown, references: unknown[] = []): ValueReader {
  const found = { schema: JSON.stringify(schema), references: references.map((one) => JSON.stringify(one)) };
  return new ValueReader({ find: () => Promise.resolve(found) });
}

Deno.test("ValueReader.read() shows a value that is not an order, by all that its schema refers to", {
  permissions: "none",
}, async () => {
  const address = { type: "record", name: "Address", fields: [{ name: "city", type: "string" }] };
  const payment = { type: "record", name: "Payment", fields: [{ name: "to", type: "Address" }] };
  const value = wire(1, ["Paris"]);
  assert.deepEqual(await readerOf(payment, [address]).read(value), {
    schemaId: 1,
    decoded: '{"to":{"city":"Paris"}}',
    undecodable: "Schema 1 cannot be read as an order: record Payment is not record Order",
  });
});

Deno.test("ValueReader.read() shows the contents of an order by another schema", { permissions: "none" }, async () => {
  const { fields } = ORDER_SCHEMA;
  const schema = { ...ORDER_SCHEMA, fields: [...fields, { name: "tags", type: { type: "array", items: "string" } }] };
  const order = { order_id: "o-1", user: "alice", item: "book", quantity: 2, created_at: 1, tags: ["a", "b"] };
  const value = Buffer.concat([wire(1, []), avro.Type.forSchema(schema as avro.Schema).toBuffer(order)]);
  const { decoded, undecodable } = await readerOf(schema).read(value);
  assert.deepEqual([JSON.parse(decoded!), undecodable], [order, undefined]);
});

Deno.test("ValueReader.read() does not try to show an array that is longer than its bytes", {
  permissions: "none",
}, async () => {
  for (const items of ["null", "string"]) {
    const read = await readerOf({ type: "array", items }).read(wire(1, [1e8, 0]));
    assert.equal(read.decoded, undefined);
  }
});
