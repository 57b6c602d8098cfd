import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import avro from "avsc";
import fc from "fast-check";
import { type Decoded, ValueDecoder } from "../../support/value_decoder.ts";
import { checked } from "../../support/decide.ts";
import { ORDER_SCHEMA } from "../../../lib/avro/order_schema.ts";
import { invalidOrder } from "../../../lib/decide_order.ts";
import type { Order } from "../../../lib/order.ts";
import { wire } from "../../support/raw_records.ts";

const ORDER: Order = { order_id: "o-1", user: "alice", item: "book", quantity: 2, created_at: 1_763_949_000_000 };
const WRITTEN_AT = 1_763_950_000_000;
const ADDRESS = { type: "record", name: "Address", fields: [{ name: "city", type: "string" }] };

type Types = { [Field in keyof Order]?: unknown };

/** The order schema with these types instead of ours; undefined takes a field away. */
function withTypes(types: Types) {
  const fields = ORDER_SCHEMA.fields.map((field) => ({
    ...field,
    ...(field.name in types ? typed(field, types) : {}),
  }));
  return { ...ORDER_SCHEMA, fields: fields.filter(({ type }) => type !== undefined) };
}

function typed({ name }: { name: string }, types: Types) {
  return { type: types[name as keyof Order] };
}

/** What a decoder makes of a body that was written with `schema`, which refers to `references`. */
async function decode(schema: unknown, body: Uint8Array, references: unknown[] = []): Promise<Decoded> {
  const found = { schema: JSON.stringify(schema), references: references.map((one) => JSON.stringify(one)) };
  const decoder = new ValueDecoder({ find: () => Promise.resolve(found) });
  const value = Buffer.concat([wire(1, []), body]);
  await decoder.prepare([value]);
  return decoder.decode(value, WRITTEN_AT);
}

/** What a decoder makes of `record`, written by avsc with `schema`. */
function decodeRecord(schema: unknown, record: unknown): Promise<Decoded> {
  return decode(schema, avro.Type.forSchema(schema as avro.Schema).toBuffer(record));
}

async function reasonFor(schema: unknown, record: unknown): Promise<string> {
  const decoded = await decodeRecord(schema, record);
  assert.ok("undecodable" in decoded, `decoded ${JSON.stringify(decoded)}`);
  return decoded.undecodable;
}

/** The body of an order, with another long instead of `created_at`. */
function createdAt(long: bigint): Buffer {
  return wire(0, ["o-1", "alice", "book", 2, long]).subarray(5);
}

const missing: [field: keyof Order, type: unknown, reason: string][] = [
  ["order_id", ["null", "string"], "invalid-order-id"],
  ["user", ["null", "string"], "invalid-name"],
  ["item", ["string", "null"], "invalid-name"],
  ["quantity", ["null", "int", "long"], "invalid-quantity"],
];
for (const [field, type, reason] of missing) {
  Deno.test(`a null in ${field} is rejected as ${reason}, and a value is read`, { permissions: "none" }, async () => {
    const schema = withTypes({ [field]: type });
    const wrapped = field === "quantity" ? { int: 2 } : ORDER[field];
    assert.deepEqual(await decodeRecord(schema, { ...ORDER, [field]: wrapped }), { order: ORDER });
    const decoded = await decodeRecord(schema, { ...ORDER, [field]: null });
    assert.ok("order" in decoded, JSON.stringify(decoded));
    assert.equal(invalidOrder(checked(decoded.order)), reason);
  });
}

Deno.test(
  "a created_at that is null or not there is the time of the record in Kafka",
  { permissions: "none" },
  async () => {
    const expected = { order: { ...ORDER, created_at: WRITTEN_AT } };
    const nullable = withTypes({ created_at: ["null", ORDER_SCHEMA.fields[4].type] });
    assert.deepEqual(await decodeRecord(nullable, { ...ORDER, created_at: null }), expected);
    assert.deepEqual(await decodeRecord(nullable, ORDER), { order: ORDER });
    assert.deepEqual(await decodeRecord(withTypes({ created_at: undefined }), ORDER), expected);
  },
);

Deno.test("an order without one of the other fields cannot be read", { permissions: "none" }, async () => {
  for (const field of ["order_id", "user", "item", "quantity"] as const) {
    assert.equal(
      await reasonFor(withTypes({ [field]: undefined }), ORDER),
      `Schema 1 cannot be read as an order: it has no ${field}`,
    );
  }
});

Deno.test("a long is read as a quantity, but for one beyond 2^52", { permissions: "none" }, async () => {
  const schema = withTypes({ quantity: "long" });
  const body = (quantity: bigint) => wire(0, ["o-1", "alice", "book", quantity, ORDER.created_at]).subarray(5);
  for (const quantity of [1, -3, 2 ** 31 - 1, 2 ** 31, 2 ** 52 - 1]) {
    const decoded = await decode(schema, body(BigInt(quantity)));
    assert.deepEqual(decoded, { order: { ...ORDER, quantity } });
    const isInvalid = invalidOrder(checked(decoded.order)) === "invalid-quantity";
    assert.equal(isInvalid, quantity <= 0 || quantity >= 2 ** 31);
  }
  for (const quantity of [2n ** 52n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)]) {
    assert.deepEqual(await decode(schema, body(quantity)), { undecodable: `quantity ${quantity} is beyond 2^52` });
  }
});

const units = { millis: 1n, micros: 1_000n, nanos: 1_000_000n };
for (const [unit, size] of Object.entries(units)) {
  for (const logicalType of [`timestamp-${unit}`, `local-timestamp-${unit}`]) {
    Deno.test(`created_at as ${logicalType} is milliseconds here`, { permissions: "none" }, async () => {
      const plain = withTypes({ created_at: { type: "long", logicalType } });
      const nullable = withTypes({ created_at: ["null", { type: "long", logicalType }] });
      const whole = BigInt(ORDER.created_at) * size;
      assert.deepEqual(await decode(plain, createdAt(whole)), { order: ORDER });
      assert.deepEqual(await decode(plain, createdAt(whole + size - 1n)), { order: ORDER });
      assert.deepEqual(await decode(plain, createdAt(-1n)), { order: { ...ORDER, created_at: -1 } });
      const branch = wire(0, ["o-1", "alice", "book", 2, 1, whole]).subarray(5);
      assert.deepEqual(await decode(nullable, branch), { order: ORDER });
    });
  }
}

Deno.test("created_at as a long without a logical type is milliseconds", { permissions: "none" }, async () => {
  assert.deepEqual(await decodeRecord(withTypes({ created_at: "long" }), ORDER), { order: ORDER });
});

Deno.test("created_at in anything that is not a time is refused by its name", { permissions: "none" }, async () => {
  const refused: [unknown, string][] = [
    [{ type: "long", logicalType: "time-micros" }, "long (time-micros)"],
    [{ type: "int", logicalType: "date" }, "int (date)"],
    [{ type: "long", logicalType: "constructor" }, "long (constructor)"],
    [["null", { type: "long", logicalType: "epoch-seconds" }], "long (epoch-seconds)"],
    ["string", "string"],
  ];
  for (const [type, described] of refused) {
    const schema = withTypes({ created_at: type });
    const branch = Array.isArray(type) ? [1, 5] : type === "string" ? ["5"] : [5];
    const decoded = await decode(schema, wire(0, ["o-1", "alice", "book", 2, ...branch]).subarray(5));
    assert.ok("undecodable" in decoded, JSON.stringify(decoded));
    assert.match(
      decoded.undecodable,
      new RegExp(`created_at cannot be read from ${described.replace(/[()]/g, "\\$&")}$`),
    );
  }
});

Deno.test("a union is read value by value: one branch that is no name leaves the others", {
  permissions: "none",
}, async () => {
  const schema = withTypes({ user: ["string", "int", ADDRESS] });
  assert.deepEqual(await decodeRecord(schema, ORDER), { order: ORDER });
  assert.equal(await reasonFor(schema, { ...ORDER, user: 7 }), "user cannot be read from int");
  assert.match(
    await reasonFor(withTypes({ user: ["int", "boolean"] }), { ...ORDER, user: 7 }),
    /^Schema 1 .* from int$/,
  );
});

Deno.test(
  "a union of an order and other records is read where it holds an order",
  { permissions: "none" },
  async () => {
    const schema = [ADDRESS, ORDER_SCHEMA];
    const type = avro.Type.forSchema(schema as avro.Schema, { wrapUnions: true });
    assert.deepEqual(await decode(schema, type.toBuffer({ Order: ORDER })), { order: ORDER });
    assert.deepEqual(await decode(schema, type.toBuffer({ Address: { city: "Paris" } })), {
      undecodable: "record Address is not record Order",
    });
  },
);

Deno.test("a type that a schema refers to is taken from where it is defined", { permissions: "none" }, async () => {
  const city = { type: "fixed", name: "com.example.City", size: 3 };
  const address = { ...ADDRESS, namespace: "com.example", fields: [{ name: "city", type: "com.example.City" }] };
  const to = { name: "to", type: ["null", "com.example.Address"], default: null };
  const schema = { ...ORDER_SCHEMA, fields: [to, ...ORDER_SCHEMA.fields] };
  const body = Buffer.concat([Buffer.from([2]), Buffer.from("LHR"), createdAt(BigInt(ORDER.created_at))]);
  assert.deepEqual(await decode(schema, body, [city, address]), { order: ORDER });
  const lost = await decode(schema, body, [city]);
  assert.ok("undecodable" in lost && /undefined type name: com\.example\.Address/.test(lost.undecodable));
});

Deno.test("text that is not UTF-8 stays recognizable by any schema", { permissions: "none" }, async () => {
  const schema = withTypes({ user: ["null", "bytes"] });
  const body = wire(0, ["o-1", 1, Uint8Array.from([0x61, 0xff]), "book", 2, 1]).subarray(5);
  const decoded = await decode(schema, body);
  assert.deepEqual(decoded, { order: { ...ORDER, user: "a\ufffd", created_at: 1 } });
  assert.equal(invalidOrder(checked(decoded.order)), "invalid-name");
});

Deno.test("any bytes by any schema are an order or one line that says why not", { permissions: "none" }, async () => {
  const schemas = [
    withTypes({ user: ["null", "string"], quantity: ["null", "long"], created_at: undefined }),
    withTypes({ created_at: ["null", { type: "long", logicalType: "timestamp-nanos" }, "string"] }),
    { ...ORDER_SCHEMA, fields: [{ name: "tags", type: { type: "array", items: "string" } }, ...ORDER_SCHEMA.fields] },
    [ADDRESS, ORDER_SCHEMA],
  ];
  const whole = Buffer.concat([Buffer.from([2]), wire(0, ["o", 2, "a", "b", 2, 2, 2]).subarray(5)]);
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.tuple(fc.nat(whole.length - 1), fc.nat(255)).map(([at, byte]) => whole.with(at, byte)),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...schemas), bodies, async (schema, body) => {
      const decoded = await decode(schema, body);
      if ("undecodable" in decoded) return assert.match(decoded.undecodable, /^[^\n]+$/);
      const { order_id, user, item, quantity, created_at } = decoded.order;
      for (const text of [order_id, user, item]) assert.equal(typeof text, "string");
      for (const number of [quantity, created_at]) assert.ok(Number.isSafeInteger(number));
    }),
    { numRuns: 3_000 },
  );
});
