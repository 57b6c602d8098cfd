import assert from "node:assert/strict";
import { type RawRecord, receiveBatch } from "../../lib/receive_batch.ts";
import { processBatch } from "../../lib/process_batch.ts";
import type { DeadLetter, DeadLetterSink, OrderStore } from "../../lib/ports.ts";

const pure = { permissions: "none" } as const;
const bytes = (text: string) => new TextEncoder().encode(text);
const record = (offset: number, value: string | null, headers: RawRecord["headers"] = []): RawRecord => ({
  offset,
  timestamp: 1_700_000_000_000,
  key: bytes("book"),
  value: value === null ? null : bytes(value),
  headers,
});
const decode = (value: Uint8Array | null) => {
  const order_id = value === null ? "" : new TextDecoder().decode(value);
  if (order_id === "" || order_id === "poison") return { undecodable: `no order: "${order_id}"` };
  return { order: { order_id, user: "alice", item: "book", quantity: 1, created_at: 0 } };
};
const receive = (records: RawRecord[]) =>
  receiveBatch({ topic: "orders", partition: 2, from: 5, to: 20, records }, decode);

Deno.test("receiveBatch() sorts orders from what is none and keeps range and coordinates", pure, () => {
  const { batch, letters } = receive([
    record(7, "a"),
    record(9, "poison", [["x", bytes("y")], ["x", null]]),
    record(11, "b"),
  ]);
  assert.deepEqual({ ...batch, orders: [] }, { topic: "orders", partition: 2, from: 5, to: 20, orders: [] });
  assert.deepEqual(batch.orders.map(({ order, at }) => [order.order_id, at.offset]), [["a", 7], ["b", 11]]);
  assert.deepEqual(letters, [{
    at: { topic: "orders", partition: 2, offset: 9 },
    key: bytes("book"),
    value: bytes("poison"),
    headers: [["x", bytes("y")], ["x", null]],
    timestamp: 1_700_000_000_000,
    reason: 'no order: "poison"',
  }]);
});

Deno.test("receiveBatch() keeps a null value as a dead letter without headers", pure, () => {
  const { letters } = receive([record(7, null)]);
  assert.deepEqual(letters.map(({ value, headers }) => [value, headers]), [[null, []]]);
});

Deno.test("receiveBatch() reads replay_of, the first of several", pure, () => {
  const replayOf = (headers?: RawRecord["headers"]) => receive([record(7, "a", headers)]).batch.orders[0].replayOf;
  assert.equal(replayOf(), undefined);
  assert.equal(replayOf([]), undefined);
  assert.equal(replayOf([["trace", bytes("old")]]), undefined);
  assert.equal(replayOf([["replay_of", null]]), undefined);
  assert.equal(replayOf([["trace", null], ["replay_of", bytes("old")], ["replay_of", bytes("older")]]), "old");
});

Deno.test("receiveBatch() takes a replay_of that is no order_id for none", { ...pure }, () => {
  for (const header of ["", "x".repeat(257), "\x1b[2J"]) {
    assert.equal(receive([record(7, "a", [["replay_of", bytes(header)]])]).batch.orders[0].replayOf, undefined);
  }
});

Deno.test("receiveBatch() passes a batch of markers only as a range without orders", pure, () => {
  const { batch, letters } = receive([]);
  assert.deepEqual([batch.from, batch.to, batch.orders, letters], [5, 20, [], []]);
});

/** A store and a dead letter sink that say what they were asked, in turn. */
function ports(fail?: "store" | "sink") {
  const calls: string[] = [];
  const store: Pick<OrderStore, "process"> = {
    process({ orders }, judge) {
      calls.push(`process ${orders.length}`);
      if (fail === "store") return Promise.reject(new Error("disk"));
      const user = () => ({ name: "alice", status: "paid" });
      return Promise.resolve(judge({ user, item: (name) => ({ name, quantity: 1 }), precedent: () => "none" }));
    },
  };
  const deadLetters: DeadLetterSink = {
    send(letters: readonly DeadLetter[]) {
      calls.push(`send ${letters.length}`);
      return fail === "sink" ? Promise.reject(new Error("broker")) : Promise.resolve();
    },
  };
  return { calls, ports: { store: store as OrderStore, deadLetters } };
}

Deno.test("processBatch() sends dead letters before any verdict takes effect", pure, async () => {
  const world = ports();
  const { batch, letters } = receive([record(7, "a"), record(8, "poison"), record(9, "b")]);
  const verdicts = await processBatch(batch, letters, world.ports);
  assert.deepEqual(world.calls, ["send 1", "process 2"]);
  assert.deepEqual(verdicts.map(({ kind }) => kind), ["accepted", "rejected"]);
});

Deno.test("processBatch() sends nothing where every message is an order", pure, async () => {
  const world = ports();
  const { batch, letters } = receive([record(7, "a")]);
  await processBatch(batch, letters, world.ports);
  assert.deepEqual(world.calls, ["process 1"]);
});

Deno.test(
  "processBatch() judges nothing when a dead letter cannot be sent, and fails when the store does",
  pure,
  async () => {
    const { batch, letters } = receive([record(7, "a"), record(8, "poison")]);
    const silent = ports("sink");
    await assert.rejects(processBatch(batch, letters, silent.ports), /broker/);
    assert.deepEqual(silent.calls, ["send 1"]);
    await assert.rejects(processBatch(batch, letters, ports("store").ports), /disk/);
  },
);
