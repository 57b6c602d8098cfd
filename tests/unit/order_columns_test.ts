import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { invalidOrder } from "../../lib/decide_order.ts";
import type { ReceivedOrder } from "../../lib/order.ts";
import { OrderColumns } from "../../lib/order_columns.ts";
import { newHashKey, sipHash } from "../../lib/sip_hash.ts";
import { checked } from "../support/decide.ts";

const pure = { permissions: "none" } as const;
const AT = { topic: "orders", partition: 3 };
const anyText = fc.oneof(
  fc.uuid(),
  fc.constantFrom("", "alice", 'a"b', "a\\b", "\x1b[2J", "caf\u00e9", "x".repeat(256), "x".repeat(257), "\u{1f600}"),
  fc.string({ unit: "binary", maxLength: 300 }),
);
const anyNumber = fc.oneof(
  fc.integer({ min: 1, max: 9 }),
  fc.integer(),
  fc.constantFrom(NaN, 0.5, 2 ** 31, 2 ** 40, -0),
);
const anyReceived: fc.Arbitrary<ReceivedOrder> = fc.record({
  order: fc.record({ order_id: anyText, user: anyText, item: anyText, quantity: anyNumber, created_at: fc.integer() }),
  at: fc.record({ topic: fc.constant(AT.topic), partition: fc.constant(AT.partition), offset: fc.maxSafeNat() }),
  replayOf: fc.option(fc.uuid(), { nil: undefined }),
}).map((received) => structuredClone(received));

Deno.test("OrderColumns gives back the orders put in, and knows which are valid", pure, () => {
  fc.assert(fc.property(fc.array(anyReceived, { maxLength: 20 }), (orders) => {
    const columns = new OrderColumns(AT, orders.length);
    for (const order of orders) columns.add(order);
    assert.deepEqual([...columns], orders);
    for (const [row, { order }] of orders.entries()) {
      assert.equal(columns.isValid(row), invalidOrder(checked(order)) === undefined, JSON.stringify(order));
      assert.equal(columns.hasValidId(row), checked(order).hasValidId);
      const id = Buffer.from(columns.ids.subarray(columns.idStart(row), columns.idEnd(row)));
      assert.equal(id.toString(), order.order_id);
      if (columns.isPlainId(row)) assert.equal(JSON.stringify(order.order_id), `"${id.toString("latin1")}"`);
    }
  }));
});

Deno.test("OrderColumns hashes the ids of valid orders as the index hashes text, once for each key", pure, () => {
  fc.assert(fc.property(fc.array(anyReceived, { maxLength: 10 }), (orders) => {
    const columns = new OrderColumns(AT, orders.length);
    for (const order of orders) columns.add(order);
    for (const key of [newHashKey(), newHashKey()]) {
      const hashes = columns.hashes(key);
      assert.equal(columns.hashes(key), hashes);
      for (const [row, { order }] of orders.entries()) {
        const expected = new Uint32Array(4);
        if (columns.isValid(row)) sipHash(order.order_id, key, expected);
        assert.deepEqual(hashes.slice(4 * row, 4 * row + 4), expected);
      }
    }
  }));
});

Deno.test("OrderColumns takes bytes that are not UTF-8 for no id", pure, () => {
  const columns = new OrderColumns(AT, 1);
  columns.user[0] = columns.names.numberOfText("alice");
  columns.item[0] = columns.names.numberOfText("book");
  columns.quantity[0] = 1;
  columns.endRow(7, new DataView(Uint8Array.of(0x61, 0xff, 0x61).buffer), 0, 3);
  assert.deepEqual([columns.isValid(0), columns.hasValidId(0), columns.orderId(0)], [false, false, "a\ufffda"]);
});

Deno.test("OrderColumns loses no row that it has no room for", pure, () => {
  const columns = new OrderColumns(AT, 1);
  const order = { order_id: "a", user: "alice", item: "book", quantity: 1, created_at: 0 };
  columns.add({ order, at: { ...AT, offset: 1 } });
  assert.throws(() => columns.add({ order, at: { ...AT, offset: 2 } }), RangeError);
});
