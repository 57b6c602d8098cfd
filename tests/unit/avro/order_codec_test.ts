import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import avro from "avsc";
import fc from "fast-check";
import { encodeOrder } from "../../../lib/avro/order_codec.ts";
import { ValueDecoder } from "../../support/value_decoder.ts";
import { OrderReader } from "../../../lib/avro/order_reader.ts";
import { ORDER_SCHEMA, SENT_SCHEMA } from "../../../lib/avro/order_schema.ts";
import type { FoundSchema, WriterSchemas } from "../../../lib/avro/schema_registry.ts";
import type { Order } from "../../../lib/order.ts";
import { OrderColumns } from "../../../lib/order_columns.ts";

const ORDER: Order = { order_id: "o-1", user: "alice", item: "book", quantity: 2, created_at: 1_763_949_000_000 };
const HEADER = [0, 0, 0, 0, 1];
const WRITTEN_AT = 1_763_950_000_000;

const ours = { 1: { schema: JSON.stringify(SENT_SCHEMA) } };

/** A registry that knows these schemas. */
function registryOf(schemas: Record<number, FoundSchema>): WriterSchemas {
  return { find: (id) => Promise.resolve(schemas[id] ?? { unusable: `Unknown schema id ${id}` }) };
}

async function decode(value: Buffer | null, schemas: Record<number, FoundSchema> = ours) {
  const decoder = new ValueDecoder(registryOf(schemas));
  await decoder.prepare([value]);
  return decoder.decode(value, WRITTEN_AT);
}

async function reasonFor(value: Buffer | null, schemas?: Record<number, FoundSchema>): Promise<string> {
  const decoded = await decode(value, schemas);
  assert.ok("undecodable" in decoded, `decoded ${JSON.stringify(decoded)}`);
  assert.doesNotMatch(decoded.undecodable, /\n/);
  return decoded.undecodable;
}

Deno.test("encodeOrder() puts magic 0 and the schema id before the Avro body", { permissions: "none" }, () => {
  const expected = [...HEADER, 6, ...Buffer.from("o-1"), 10, ...Buffer.from("alice"), 8, ...Buffer.from("book"), 4];
  assert.deepEqual([...encodeOrder(1, ORDER)].slice(0, expected.length), expected);
  assert.equal(encodeOrder(0x01020304, ORDER).readInt32BE(1), 0x01020304);
});

Deno.test("encodeOrder() refuses what the schema cannot hold", { permissions: "none" }, () => {
  for (const quantity of [1.5, 2 ** 31, NaN]) {
    assert.throws(() => encodeOrder(1, { ...ORDER, quantity }), /quantity|int/);
  }
});

Deno.test("decode() gives back what encodeOrder() took, however long the names", { permissions: "none" }, async () => {
  const text = fc.string({ unit: "binary", maxLength: 2_000 });
  const orders = fc.record({
    order_id: text,
    user: text,
    item: text,
    quantity: fc.integer(),
    created_at: fc.integer({ min: 1 - 2 ** 52, max: 2 ** 52 - 1 }),
  });
  await fc.assert(fc.asyncProperty(orders, async (order) => {
    assert.deepEqual(await decode(encodeOrder(1, order)), { order: { ...order } });
  }));
});

Deno.test("decode() reads by itself what avsc would, whatever is changed in the bytes", { permissions: "none" }, () => {
  const ours = new OrderReader();
  const avscs = avro.Type.forSchema(SENT_SCHEMA);
  const texts = fc.oneof(fc.constantFrom("", "alice", "book", "caf\u00e9"), fc.string({ unit: "binary" }));
  const orders = fc.record({
    order_id: texts,
    user: texts,
    item: texts,
    quantity: fc.integer(),
    created_at: fc.oneof(fc.integer(), fc.integer({ min: 2 - 2 ** 53, max: 2 ** 53 - 2 })),
  });
  const changes = fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 2 });
  let read = 0;
  fc.assert(
    fc.property(orders, changes, fc.nat(3), (order, changes, less) => {
      const body = avscs.toBuffer(order);
      for (const [at, byte] of changes) if (at < body.length) body[at] = byte;
      const bytes = body.subarray(0, body.length - less);
      const columns = new OrderColumns({ topic: "orders", partition: 0 }, 1);
      const isRead = ours.read(bytes, 0, bytes.length, 7, columns);
      assert.equal(columns.length, isRead ? 1 : 0);
      if (!isRead) return; // left to avsc
      read++;
      assert.deepEqual(columns.at(0).order, { ...avscs.fromBuffer(bytes) });
    }),
    { numRuns: 5_000 },
  );
  assert.ok(read > 500);
});

Deno.test("decode() never throws, whatever the bytes", { permissions: "none" }, async () => {
  const decoder = new ValueDecoder(registryOf(ours));
  const bytes = fc.uint8Array({ maxLength: 60 }).map((body) => Buffer.from([...HEADER, ...body]));
  await fc.assert(fc.asyncProperty(bytes, async (value) => {
    await decoder.prepare([value]);
    decoder.decode(value, WRITTEN_AT);
  }));
});

Deno.test("decode() refuses a text of negative length, even where the bytes before it would make an order", {
  permissions: "none",
}, async () => {
  const id = [10, 0x61, 8, 0x61, 0x61, 0x61];
  const [minus5, quantity, createdAt] = [9, 2, 2]; // back to the 8 in the id, which is then the length of the item
  assert.match(await reasonFor(Buffer.from([...HEADER, ...id, minus5, quantity, createdAt])), /length/);
});

Deno.test("decode() refuses a quantity in more bytes than a number has", { permissions: "none" }, async () => {
  const quantity = [0x84, ...Array(10).fill(0x80), 0]; // 2, but for its length
  const value = Buffer.from([...HEADER, 2, 0x61, 2, 0x62, 2, 0x63, ...quantity, 2]);
  assert.match(await reasonFor(value), /a number of more than 64 bits/);
});

Deno.test("decode() refuses a null value", { permissions: "none" }, async () => {
  assert.match(await reasonFor(null), /null/i);
});

Deno.test("decode() refuses values shorter than a schema id", { permissions: "none" }, async () => {
  assert.match(await reasonFor(Buffer.from([])), /Only 0 bytes/);
  assert.match(await reasonFor(Buffer.from([0, 0, 0, 1])), /Only 4 bytes/);
  assert.match(await reasonFor(Buffer.from([0])), /Only 1 byte, /);
});

Deno.test("decode() refuses another first byte than 0", { permissions: "none" }, async () => {
  assert.match(await reasonFor(Buffer.from('{"order_id":"o-1"}')), /First byte is 123/);
});

Deno.test("decode() refuses a body cut anywhere", { permissions: "none" }, async () => {
  const whole = encodeOrder(1, ORDER);
  for (let length = HEADER.length; length < whole.length; length++) {
    assert.match(await reasonFor(whole.subarray(0, length)), /Truncated/);
  }
});

Deno.test("decode() refuses trailing bytes", { permissions: "none" }, async () => {
  assert.match(await reasonFor(Buffer.concat([encodeOrder(1, ORDER), Buffer.from([0, 0])])), /2 bytes too many/);
  assert.match(await reasonFor(Buffer.concat([encodeOrder(1, ORDER), Buffer.from([0])])), /^1 byte too many/);
});

Deno.test("decode() refuses a long beyond 2^52, whatever avsc takes it for", { permissions: "none" }, async () => {
  const body = encodeOrder(1, { ...ORDER, created_at: 0 }).subarray(0, -1);
  // -(2^52 + 1), which avsc takes for 2^52, and the smallest long there is.
  const misread = [0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10];
  const smallest = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
  assert.match(await reasonFor(Buffer.concat([body, Buffer.from(misread)])), /beyond 2\^52/);
  assert.match(await reasonFor(Buffer.concat([body, Buffer.from(smallest)])), /-9223372036854775808 is beyond 2\^52/);
});

Deno.test(
  "decode() hands an int beyond 2^31 on as it is, for the decision to reject",
  { permissions: "none" },
  async () => {
    const huge = avro.Type.forSchema("long").toBuffer(2 ** 40);
    const body = encodeOrder(1, { ...ORDER, quantity: 0, created_at: 0 }).subarray(0, -2);
    const decoded = await decode(Buffer.concat([body, huge, Buffer.from([0])]));
    assert.deepEqual(decoded, { order: { ...ORDER, quantity: 2 ** 40, created_at: 0 } });
  },
);

Deno.test("decode() passes on why the registry refuses a schema", { permissions: "none" }, async () => {
  assert.equal(await reasonFor(encodeOrder(7, ORDER)), "Unknown schema id 7");
});

Deno.test("decode() refuses a writer schema that is not an order", { permissions: "none" }, async () => {
  const { fields } = ORDER_SCHEMA;
  const schemas = [
    { ...ORDER_SCHEMA, name: "Payment" },
    { ...ORDER_SCHEMA, fields: fields.slice(1) },
    { ...ORDER_SCHEMA, fields: [...fields.slice(0, 3), { name: "quantity", type: "string" }, fields[4]] },
    "not even a type",
  ];
  for (const schema of schemas) {
    assert.match(await reasonFor(encodeOrder(1, ORDER), { 1: { schema: JSON.stringify(schema) } }), /cannot be read/);
  }
  assert.match(await reasonFor(encodeOrder(1, ORDER), { 1: { schema: "{" } }), /cannot be read/);
});

Deno.test("decode() reads a newer compatible schema, with another namespace too", { permissions: "none" }, async () => {
  const newer = {
    ...ORDER_SCHEMA,
    namespace: "com.example",
    fields: [{ name: "note", type: ["null", "string"], default: null }, ...ORDER_SCHEMA.fields],
  } as const;
  const body = avro.Type.forSchema(newer as unknown as avro.Schema, { wrapUnions: true })
    .toBuffer({ ...ORDER, note: { string: "gift" } });
  const value = Buffer.concat([Buffer.from(HEADER), body]);
  assert.deepEqual(await decode(value, { 1: { schema: JSON.stringify(newer) } }), { order: ORDER });
});
