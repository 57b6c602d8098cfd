import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { asRecord, encodeOrder, OrderDecoder } from "../../../lib/avro/order_codec.ts";
import { ORDER_SCHEMA } from "../../../lib/avro/order_schema.ts";
import { RegistryUnavailable } from "../../../lib/avro/registry_http.ts";
import type { FoundSchema, WriterSchemas } from "../../../lib/avro/schema_registry.ts";
import type { Order } from "../../../lib/order.ts";
import { OrderColumns } from "../../../lib/order_columns.ts";
import { asRecords, ValueDecoder } from "../../support/value_decoder.ts";

const ORDER: Order = { order_id: "o-1", user: "alice", item: "book", quantity: 2, created_at: 1_763_949_000_000 };
const WRITTEN_AT = 1_763_950_000_000;

/** A registry that knows these schemas and counts what it is asked. */
function registryOf(schemas: Record<number, FoundSchema>): WriterSchemas & { asked: number[] } {
  const asked: number[] = [];
  const find = (id: number) => {
    asked.push(id);
    return Promise.resolve(schemas[id] ?? { unusable: `Unknown schema id ${id}` });
  };
  return { asked, find };
}

const ours = { 1: { schema: JSON.stringify(ORDER_SCHEMA) } };

Deno.test("OrderDecoder begins another table of names once one is full, and a batch keeps its own", {
  permissions: "none",
}, async () => {
  const decoder = new OrderDecoder(registryOf(ours));
  const record = asRecord(encodeOrder(1, ORDER));
  await decoder.prepare(record);
  const decoded = () => {
    const columns = new OrderColumns({ topic: "orders", partition: 0 }, 1, decoder.names);
    assert.equal(decoder.decode(record, 0, columns), undefined);
    return columns;
  };
  const first = decoded();
  assert.equal(decoded().names, first.names);
  first.names.numberOfText("x".repeat(8 << 20));
  const second = decoded();
  assert.notEqual(second.names, first.names);
  assert.deepEqual([first, second].map((columns) => columns.at(0).order), [ORDER, ORDER]);
});

Deno.test("prepare() asks for each unknown schema once", { permissions: "none" }, async () => {
  const registry = registryOf(ours);
  const decoder = new ValueDecoder(registry);
  const values = [encodeOrder(1, ORDER), null, encodeOrder(7, ORDER), encodeOrder(1, ORDER), Buffer.from([0])];
  await decoder.prepare(values);
  await decoder.prepare(values);
  assert.deepEqual(registry.asked, [1, 7]);
});

Deno.test("prepare() asks again about an unknown schema after a while", { permissions: "none" }, async () => {
  let now = 0;
  const schemas: Record<number, FoundSchema> = {};
  const decoder = new ValueDecoder(registryOf(schemas), { now: () => now });
  const value = encodeOrder(1, ORDER);
  await decoder.prepare([value]);
  schemas[1] = ours[1];
  now = 29_999;
  await decoder.prepare([value]);
  assert.ok("undecodable" in decoder.decode(value, WRITTEN_AT));
  now = 30_000;
  await decoder.prepare([value]);
  assert.deepEqual(decoder.decode(value, WRITTEN_AT), { order: ORDER });
});

Deno.test(
  "prepare() rejects while the registry is away and works once it is back",
  { permissions: "none" },
  async () => {
    let away = true;
    const registry = registryOf(ours);
    const decoder = new ValueDecoder({
      find: (id) => away ? Promise.reject(new RegistryUnavailable("away")) : registry.find(id),
    });
    const value = encodeOrder(1, ORDER);
    await assert.rejects(decoder.prepare([value]), RegistryUnavailable);
    assert.throws(() => decoder.decode(value, WRITTEN_AT), /not prepared/);
    away = false;
    await decoder.prepare([value]);
    assert.deepEqual(decoder.decode(value, WRITTEN_AT), { order: ORDER });
  },
);

Deno.test(
  "prepare() of one batch takes no refusal away from another that still waits for the registry",
  { permissions: "none" },
  async () => {
    let now = 0;
    const slow = Promise.withResolvers<FoundSchema>();
    const { find } = registryOf(ours);
    const decoder = new OrderDecoder({ find: (id) => id === 7 ? slow.promise : find(id) }, { now: () => now });
    const unknown = encodeOrder(5, ORDER);
    await decoder.prepare(asRecord(unknown));
    now = 29_999;
    const batch = asRecords([unknown, encodeOrder(7, ORDER)]);
    const prepared = decoder.prepare(batch);
    now = 30_000;
    await decoder.prepare(asRecord(encodeOrder(1, ORDER)));
    slow.resolve(ours[1]);
    await prepared;
    const orders = new OrderColumns({ topic: "orders", partition: 0 }, 2);
    assert.deepEqual([0, 1].map((row) => decoder.decode(batch, row, orders)), ["Unknown schema id 5", undefined]);
  },
);
