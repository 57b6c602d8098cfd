import assert from "node:assert/strict";
import { ORDER_SCHEMA } from "../../../lib/avro/order_schema.ts";
import { changedFields, schemaDifference } from "../../../lib/avro/schema_difference.ts";

function withFields(fields: unknown[]) {
  return { ...ORDER_SCHEMA, fields };
}

Deno.test("schemaDifference() names each field that differs and how", { permissions: "none" }, () => {
  const [orderId, user, , quantity, createdAt] = ORDER_SCHEMA.fields;
  const note = { name: "note", type: ["null", "string"], default: null };
  const registered = withFields([orderId, { ...user, type: "int" }, quantity, { ...createdAt, type: "string" }, note]);
  assert.deepEqual(schemaDifference(ORDER_SCHEMA, registered), [
    '"item" (string) is not there and has no default here',
    '"user" is int there, string here',
    '"created_at" is string there, long (timestamp-millis) here',
    '"note" (["null","string"]) is not here',
  ]);
  assert.deepEqual(schemaDifference(registered, ORDER_SCHEMA).at(0), '"note" (["null","string"]) is not there');
});

Deno.test("schemaDifference() has nothing to say about names, docs and order", { permissions: "none" }, () => {
  const same = { ...ORDER_SCHEMA, namespace: "a.b", doc: "orders", fields: [...ORDER_SCHEMA.fields].reverse() };
  assert.deepEqual(schemaDifference(ORDER_SCHEMA, same), []);
});

Deno.test("schemaDifference() takes any schema", { permissions: "none" }, () => {
  assert.deepEqual(schemaDifference(ORDER_SCHEMA, "string"), [
    `it is string there, ${JSON.stringify(ORDER_SCHEMA)} here`,
  ]);
  assert.deepEqual(schemaDifference("int", "string"), ["it is string there, int here"]);
  assert.deepEqual(schemaDifference("int", { type: "int" }), []);
});

Deno.test("changedFields() has a line for each field that came, went or changed", { permissions: "none" }, () => {
  const [orderId, user] = ORDER_SCHEMA.fields;
  const note = { name: "note", type: ["null", "string"], default: null };
  assert.deepEqual(
    changedFields(withFields([orderId, user]), withFields([orderId, { ...user, type: "bytes" }, note])),
    [
      "- user: string",
      "+ user: bytes",
      '+ note: ["null","string"] = null',
    ],
  );
  assert.deepEqual(changedFields(ORDER_SCHEMA, { ...ORDER_SCHEMA, doc: "orders" }), []);
  assert.deepEqual(changedFields("int", "string"), ["- int", "+ string"]);
});
