import assert from "node:assert/strict";
import fc from "fast-check";
import type { StoreView } from "../../lib/judge_batch.ts";
import { nameKey, type ReceivedOrder, type StockItem } from "../../lib/order.ts";
import { decide } from "../support/decide.ts";
import { judgeBatch } from "../support/verdicts.ts";

const NAMES = ["book", "pen", "caf\u00e9", "cafe\u0301", "__proto__", "constructor", "missing", ""];
const USERS = new Map([["alice", "paid"], ["__proto__", "paid"], ["bob", "unpaid"]]);

const anyReceived: fc.Arbitrary<ReceivedOrder> = fc.record({
  order: fc.record({
    order_id: fc.constantFrom("1", "2", "3", "4", "__proto__", ""),
    user: fc.constantFrom("alice", "alice", "alice", "__proto__", "bob", "eve"),
    item: fc.constantFrom(...NAMES),
    quantity: fc.oneof(fc.integer({ min: -1, max: 6 }), fc.constantFrom(NaN, 1.5, 2 ** 31)),
    created_at: fc.constantFrom(0, 1),
  }),
  at: fc.record({ topic: fc.constant("orders"), partition: fc.constant(0), offset: fc.nat(9) }),
}).map((received) => structuredClone(received)); // fast-check's records may lack a prototype

const anyBatches = fc.array(fc.array(anyReceived, { maxLength: 12 }), { maxLength: 5 });
const anyStock = fc.array(fc.nat(12), { minLength: NAMES.length, maxLength: NAMES.length });

/** A store in its simplest form: it applies verdicts as they are. */
class Model {
  readonly opening = new Map<string, number>();
  readonly stock = new Map<string, number>();
  readonly accepted = new Map<string, ReceivedOrder>();

  constructor(quantities: number[]) {
    for (const [index, name] of NAMES.entries()) {
      if (name !== "missing") this.stock.set(nameKey(name), quantities[index]);
    }
    this.opening = new Map(this.stock);
  }

  /** For the orders of a batch. */
  view(batch: readonly ReceivedOrder[]): StoreView {
    return {
      version: {},
      user: (name) => USERS.has(name) ? Object.freeze({ name, status: USERS.get(name)! }) : undefined,
      item: (name) => {
        const quantity = this.stock.get(nameKey(name));
        return quantity === undefined ? undefined : Object.freeze({ name, quantity });
      },
      accepted: (row) => this.accepted.get(batch[row].order.order_id),
    };
  }

  judge(batch: ReceivedOrder[]) {
    const verdicts = [...judgeBatch(batch, this.view(batch))];
    for (const verdict of verdicts) {
      if (verdict.kind !== "accepted") continue;
      const { order } = verdict.received;
      assert.ok(!this.accepted.has(order.order_id), `${order.order_id} was accepted twice`);
      assert.equal(verdict.before, this.stock.get(nameKey(order.item)));
      this.stock.set(nameKey(order.item), verdict.remaining);
      this.accepted.set(order.order_id, verdict.received);
    }
    return verdicts;
  }
}

Deno.test("judgeBatch() conserves stock, never below 0, and accepts an order_id once", { permissions: "none" }, () => {
  fc.assert(
    fc.property(anyBatches, anyStock, (batches, quantities) => {
      const model = new Model(quantities);
      for (const batch of batches) assert.equal(model.judge(batch).length, batch.length);
      for (const [item, opening] of model.opening) {
        const taken = [...model.accepted.values()].filter(({ order }) => nameKey(order.item) === item);
        const sum = taken.reduce((total, { order }) => total + order.quantity, 0);
        assert.equal(opening - sum, model.stock.get(item), item);
        assert.ok(opening - sum >= 0, item);
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test(
  "judgeBatch() gives the same verdicts however the orders are cut into batches",
  { permissions: "none" },
  () => {
    fc.assert(fc.property(fc.array(anyReceived, { maxLength: 20 }), fc.nat(20), anyStock, (orders, cut, quantities) => {
      const [whole, parts] = [new Model(quantities), new Model(quantities)];
      const verdicts = whole.judge(orders);
      assert.deepEqual([...parts.judge(orders.slice(0, cut)), ...parts.judge(orders.slice(cut))], verdicts);
      assert.deepEqual(parts.stock, whole.stock);
    }));
  },
);

Deno.test("judgeBatch() is pure and takes nothing when everything is delivered again", { permissions: "none" }, () => {
  fc.assert(fc.property(fc.array(anyReceived, { maxLength: 20 }), anyStock, (orders, quantities) => {
    const model = new Model(quantities);
    const before = structuredClone(orders);
    const judged = () => [...judgeBatch(orders, model.view(orders))];
    assert.deepEqual(judged(), judged());
    assert.deepEqual(orders, before);
    const first = model.judge(orders);
    const again = model.judge(orders);
    for (const [index, { kind, received }] of first.entries()) {
      if (kind !== "accepted") continue;
      // The record that was accepted; others may stand at its place with the same id.
      assert.equal(again[index].kind, "redelivered", JSON.stringify(received));
    }
  }));
});

Deno.test("judgeBatch() says of one order what decideOrder() says", { permissions: "none" }, () => {
  fc.assert(fc.property(anyReceived, anyStock, (received, quantities) => {
    const view = new Model(quantities).view([received]);
    const { order } = received;
    const decision = decide(order, view.user(order.user), itemOf(view, order.item));
    const [verdict] = judgeBatch([received], view);
    if (decision !== "accepted") return assert.ok(verdict.kind === "rejected" && verdict.reason === decision);
    assert.ok(verdict.kind === "accepted" && verdict.remaining === view.item(order.item)!.quantity - order.quantity);
  }));
});

function itemOf(view: StoreView, name: string): StockItem | undefined {
  const item = view.item(name);
  return item && { name, ...item };
}
