import assert from "node:assert/strict";
import { decodeBatch, type RecordDecoder } from "../../lib/decode_batch.ts";
import { NameTable } from "../../lib/name_table.ts";
import type { TopicRecord, TopicRecords } from "../../lib/ports.ts";
import { recordsOf } from "../support/records.ts";

const pure = { permissions: "none" } as const;
const bytes = (text: string) => new TextEncoder().encode(text);
const record = (offset: number, value: string | null, headers: TopicRecord["headers"] = []): TopicRecord => ({
  offset,
  timestamp: 1_700_000_000_000,
  key: bytes("book"),
  value: value === null ? null : bytes(value),
  headers,
});
const names = new NameTable();
/** A value is an order_id; some are none. */
const decoder: RecordDecoder<TopicRecords> = {
  names,
  decode(records, row, into) {
    const { value, offset } = records.at(row)!;
    const order_id = value === null ? "" : new TextDecoder().decode(value);
    if (order_id === "" || order_id === "poison") return `no order: "${order_id}"`;
    const order = { order_id, user: "alice", item: "book", quantity: 1, created_at: 0 };
    into.add({ order, at: { topic: "orders", partition: 2, offset } });
  },
};
const decoded = (given: TopicRecord[]) => {
  const records = recordsOf(given);
  const { orders, ...batch } = decodeBatch({ topic: "orders", partition: 2, from: 5, to: 20, records }, decoder);
  return { ...batch, orders: [...orders] };
};

Deno.test("decodeBatch() tells orders from dead letters and keeps range and coordinates", pure, () => {
  const { orders, deadLetters, ...range } = decoded([
    record(7, "a"),
    record(9, "poison", [["x", bytes("y")], ["x", null]]),
    record(11, "b"),
  ]);
  assert.deepEqual(range, { topic: "orders", partition: 2, from: 5, to: 20 });
  assert.deepEqual(orders.map(({ order, at }) => [order.order_id, at.offset]), [["a", 7], ["b", 11]]);
  assert.deepEqual(deadLetters, [{
    at: { topic: "orders", partition: 2, offset: 9 },
    key: bytes("book"),
    value: bytes("poison"),
    headers: [["x", bytes("y")], ["x", null]],
    timestamp: 1_700_000_000_000,
    reason: 'no order: "poison"',
  }]);
});

Deno.test("decodeBatch() keeps a null value as a dead letter without headers", pure, () => {
  const { deadLetters } = decoded([record(7, null)]);
  assert.deepEqual(deadLetters.map(({ value, headers }) => [value, headers]), [[null, []]]);
});

Deno.test("decodeBatch() reads replay_of, the first of several", pure, () => {
  const replayOf = (headers?: TopicRecord["headers"]) => decoded([record(7, "a", headers)]).orders[0].replayOf;
  assert.equal(replayOf(), undefined);
  assert.equal(replayOf([]), undefined);
  assert.equal(replayOf([["trace", bytes("old")]]), undefined);
  assert.equal(replayOf([["replay_of", null]]), undefined);
  assert.equal(replayOf([["trace", null], ["replay_of", bytes("old")], ["replay_of", bytes("older")]]), "old");
});

Deno.test("decodeBatch() takes a replay_of that is no order_id for none", { ...pure }, () => {
  for (const header of ["", "x".repeat(257), "\x1b[2J"]) {
    assert.equal(decoded([record(7, "a", [["replay_of", bytes(header)]])]).orders[0].replayOf, undefined);
  }
});

Deno.test("decodeBatch() passes a batch of markers only as a range without orders", pure, () => {
  const { orders, deadLetters, ...range } = decoded([]);
  assert.deepEqual([range.from, range.to, orders, deadLetters], [5, 20, [], []]);
});
