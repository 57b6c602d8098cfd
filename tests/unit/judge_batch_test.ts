import assert from "node:assert/strict";
import { Judge, type StoreView } from "../../lib/judge_batch.ts";
import { NameTable } from "../../lib/name_table.ts";
import { nameKey, type Order, type ReceivedOrder } from "../../lib/order.ts";
import { OrderColumns } from "../../lib/order_columns.ts";
import { HASH_WORDS } from "../../lib/sip_hash.ts";
import { judgeBatch } from "../support/verdicts.ts";

const pure = { permissions: "none" } as const;
let offset = 0;

function received(order: Partial<Order>, at: Partial<ReceivedOrder["at"]> = {}): ReceivedOrder {
  const base = { order_id: `o-${offset}`, user: "alice", item: "book", quantity: 1, created_at: 5 };
  return { order: { ...base, ...order }, at: { topic: "orders", partition: 0, offset: offset++, ...at } };
}

/** What a store has, and had accepted of `orders`. */
function view(
  stock: Record<string, number>,
  accepted: readonly ReceivedOrder[] = [],
  orders: readonly ReceivedOrder[] = [],
): StoreView {
  const users = new Map([["alice", "paid"], ["bob", "unpaid"], ["__proto__", "paid"]]);
  const items = new Map(Object.entries(stock).map(([name, quantity]) => [nameKey(name), { name, quantity }]));
  return {
    version: items,
    user: (name) => users.has(name) ? { name, status: users.get(name)! } : undefined,
    item: (name) => items.get(nameKey(name)),
    accepted: (row) => accepted.find(({ order }) => order.order_id === orders[row].order.order_id),
  };
}

function judge(orders: ReceivedOrder[], view: StoreView): string[] {
  return Array.from(
    judgeBatch(orders, view),
    (verdict) =>
      verdict.kind === "accepted"
        ? `${verdict.before} -> ${verdict.remaining}`
        : verdict.kind === "rejected"
        ? verdict.reason
        : verdict.kind,
  );
}

Deno.test("judgeBatch() takes each order from what the ones before it left", pure, () => {
  const orders = [{ quantity: 4 }, { item: "pen" }, { quantity: 4 }, { quantity: 3 }, { quantity: 2 }, { quantity: 1 }];
  assert.deepEqual(judge(orders.map((order) => received(order)), view({ book: 10, pen: 1 })), [
    "10 -> 6",
    "1 -> 0",
    "6 -> 2",
    "insufficient-stock",
    "2 -> 0",
    "insufficient-stock",
  ]);
});

Deno.test("judgeBatch() takes the composed and the decomposed name for one item", pure, () => {
  const orders = ["caf\u00e9", "cafe\u0301", "caf\u00e9"].map((item) => received({ item }));
  assert.deepEqual(judge(orders, view({ "cafe\u0301": 2 })), ["2 -> 1", "1 -> 0", "insufficient-stock"]);
});

Deno.test("judgeBatch() keeps items with prototype-ish names apart", pure, () => {
  const orders = ["constructor", "toString", "__proto__"].map((item) => received({ item, user: "__proto__" }));
  assert.deepEqual(judge(orders, view({ constructor: 1 })), ["1 -> 0", "unknown-item", "unknown-item"]);
  const ids = ["__proto__", "constructor", "__proto__"].map((order_id) => received({ order_id }));
  assert.deepEqual(judge(ids, view({ book: 9 })), ["9 -> 8", "8 -> 7", "duplicate"]);
});

Deno.test("judgeBatch() accepts an order_id once within a batch", pure, () => {
  const first = received({ order_id: "x" });
  const again = { ...first };
  const duplicate = received({ order_id: "x" });
  const conflict = received({ order_id: "x", quantity: 2 });
  assert.deepEqual(judge([first, again, duplicate, conflict], view({ book: 9 })), [
    "9 -> 8",
    "redelivered",
    "duplicate",
    "order-id-conflict",
  ]);
});

Deno.test("judgeBatch() keeps an order_id apart from others that have the same hash", pure, () => {
  class SameHashes extends OrderColumns {
    override hashes() {
      return new Uint32Array(this.length * HASH_WORDS);
    }
  }
  const orders = new SameHashes({ topic: "orders", partition: 0 }, 5);
  for (const order_id of ["a", "b", "c", "b", "a"]) orders.add(received({ order_id }));
  assert.deepEqual(judgeBatch(orders, view({ book: 9 })).outcomes, [
    ...["accepted", "accepted", "accepted"],
    ...["duplicate", "duplicate"],
  ]);
});

Deno.test("judgeBatch() judges an order_id again that was rejected earlier in the batch", pure, () => {
  const orders = [received({ order_id: "x", quantity: 99 }), received({ order_id: "x", quantity: 2 })];
  assert.deepEqual(judge(orders, view({ book: 9 })), ["insufficient-stock", "9 -> 7"]);
});

Deno.test("judgeBatch() lets what the store accepted before decide ahead of user and stock", pure, () => {
  const earlier = ["a", "b", "c"].map((order_id) => received({ order_id, user: "bob", quantity: 99 }));
  const orders = [earlier[0], received(earlier[1].order), received({ ...earlier[2].order, quantity: 98 })];
  assert.deepEqual(judge(orders, view({ book: 9 }, earlier, orders)), [
    "redelivered",
    "duplicate",
    "order-id-conflict",
  ]);
});

Deno.test("judgeBatch() rejects an invalid order for that, whatever its order_id was before", pure, () => {
  const earlier = [received({ order_id: "a" })];
  assert.deepEqual(judge([received({ order_id: "a", quantity: 0 })], view({ book: 9 }, earlier)), [
    "invalid-quantity",
  ]);
});

Deno.test("judgeBatch() says which status and stock a rejected order met", pure, () => {
  const orders = [received({ user: "bob" }), received({ user: "eve" }), received({ item: "car" }), received({})];
  const seen = Array.from(
    judgeBatch(orders, view({ book: 0 })),
    (verdict) => verdict.kind === "rejected" ? [verdict.reason, verdict.status, verdict.stock] : [],
  );
  assert.deepEqual(seen, [
    ["unpaid-user", "unpaid", 0],
    ["unknown-user", undefined, 0],
    ["unknown-item", "paid", undefined],
    ["insufficient-stock", "paid", 0],
  ]);
});

Deno.test("judgeBatch() answers an empty batch with nothing", pure, () => {
  assert.deepEqual([...judgeBatch([], view({}))], []);
});

Deno.test("judgeBatch() skips the record that was accepted, by topic, partition and offset", pure, () => {
  const earlier = received({ order_id: "x" });
  assert.deepEqual(judge([structuredClone(earlier)], view({ book: 9 }, [earlier], [earlier])), ["redelivered"]);
  for (const at of [{ topic: "other" }, { partition: 1 }, { offset: 4_711 }]) {
    const elsewhere = { ...earlier, at: { ...earlier.at, ...at } };
    assert.deepEqual(judge([elsewhere], view({ book: 9 }, [earlier], [elsewhere])), ["duplicate"]);
  }
});

Deno.test("judgeBatch() calls other contents under an accepted order_id a conflict", pure, () => {
  const earlier = received({ order_id: "x" });
  for (const other of [{ user: "bob" }, { item: "pen" }, { quantity: 2 }, { created_at: 6 }]) {
    const later = received({ ...earlier.order, ...other });
    assert.deepEqual(
      judge([later], view({ book: 9 }, [earlier], [later])),
      ["order-id-conflict"],
      JSON.stringify(other),
    );
  }
});

Deno.test(
  "Judge looks names up again as soon as the view has another version, or the names another table",
  pure,
  () => {
    const judge = new Judge();
    const asked: string[] = [];
    const viewOf = (version: number, stock: { quantity: number }): StoreView => ({
      version,
      user: (name) => (asked.push(name), { name, status: "paid" }),
      item: (name) => (asked.push(name), stock),
      accepted: () => undefined,
    });
    const [first, second] = [{ quantity: 9 }, { quantity: 5 }];
    const batch = (names: NameTable) => {
      const orders = new OrderColumns({ topic: "orders", partition: 0 }, 1, names);
      orders.add(received({}));
      return orders;
    };
    const names = new NameTable();
    const remaining = (names: NameTable, view: StoreView) => judge.judge(batch(names), view).remaining(0);
    assert.deepEqual([remaining(names, viewOf(1, first)), asked.splice(0)], [8, ["alice", "book"]]);
    first.quantity = 8; // as the store does once the order is durable
    assert.deepEqual([remaining(names, viewOf(1, first)), asked.splice(0)], [7, []]);
    assert.deepEqual(
      [remaining(names, viewOf(1, first)), asked.splice(0)],
      [7, []],
      "what is not durable is not taken",
    );
    assert.deepEqual([remaining(names, viewOf(2, second)), asked.splice(0)], [4, ["alice", "book"]]);
    assert.deepEqual([remaining(new NameTable(), viewOf(2, second)), asked.splice(0)], [4, ["alice", "book"]]);
  },
);
