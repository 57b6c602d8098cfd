import assert from "node:assert/strict";
import fc from "fast-check";
import { invalidOrder, REJECT_REASONS, type RejectReason } from "../../lib/decide_order.ts";
import { MAX_QUANTITY, type Order } from "../../lib/order.ts";
import { checked, decide } from "../support/decide.ts";

const pure = { permissions: "none" } as const;
const ORDER: Order = { order_id: "o-1", user: "alice", item: "book", quantity: 3, created_at: 0 };
const ALICE = { name: "alice", status: "paid" };
const BOOK = { name: "book", quantity: 10 };

function reasonOf(order: Partial<Order>, user: typeof ALICE | undefined = ALICE, item: typeof BOOK | undefined = BOOK) {
  const decision = decide({ ...ORDER, ...order }, user, item);
  return decision === "accepted" ? undefined : decision;
}

Deno.test("decideOrder() accepts a paid user's order, also for all there is", pure, () => {
  assert.equal(decide(ORDER, ALICE, BOOK), "accepted");
  assert.equal(decide({ ...ORDER, quantity: 10 }, ALICE, BOOK), "accepted");
});

Deno.test("decideOrder() rejects when the user is unknown", pure, () => {
  assert.equal(decide(ORDER, undefined, BOOK), "unknown-user");
});

Deno.test("decideOrder() rejects when the user is unpaid", pure, () => {
  for (const status of ["unpaid", "", "Paid", "PAID", "paid ", " paid", "pa\u00adid", "true", "constructor"]) {
    assert.equal(reasonOf({}, { ...ALICE, status }), "unpaid-user", JSON.stringify(status));
  }
});

Deno.test("decideOrder() rejects when the item is unknown", pure, () => {
  assert.equal(decide(ORDER, ALICE, undefined), "unknown-item");
});

Deno.test("decideOrder() rejects when the stock is one short", pure, () => {
  assert.equal(reasonOf({ quantity: 11 }), "insufficient-stock");
  assert.equal(reasonOf({ quantity: 1 }, ALICE, { ...BOOK, quantity: 0 }), "insufficient-stock");
});

Deno.test("decideOrder() rejects a quantity that is not a whole number from 1 to 2^31 - 1", pure, () => {
  const plenty = { ...BOOK, quantity: Number.MAX_SAFE_INTEGER };
  for (const quantity of [0, -0, -1, 1.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 40, 1e21]) {
    assert.equal(reasonOf({ quantity }, ALICE, plenty), "invalid-quantity", String(quantity));
  }
  assert.equal(reasonOf({ quantity: 1 }, ALICE, plenty), undefined);
  assert.equal(MAX_QUANTITY, 2 ** 31 - 1);
  assert.notEqual(reasonOf({ quantity: MAX_QUANTITY }, ALICE, plenty), "invalid-quantity");
});

Deno.test("decideOrder() takes created_at for no reason to reject", pure, () => {
  for (const created_at of [NaN, -1, 0, 8.64e15 + 1]) assert.equal(reasonOf({ created_at }), undefined);
});

Deno.test("decideOrder() gives the first of several reasons, in the order of REJECT_REASONS", pure, () => {
  const faults: Partial<Record<RejectReason, unknown>> = {
    "invalid-order-id": { order: { order_id: "" } },
    "invalid-name": { order: { user: "\x1b" } },
    "invalid-quantity": { order: { quantity: 0 } },
    "unknown-user": { user: undefined },
    "unpaid-user": { user: { ...ALICE, status: "unpaid" } },
    "unknown-item": { item: undefined },
    "insufficient-stock": { item: { ...BOOK, quantity: 0 } },
  };
  const some = fc.subarray(REJECT_REASONS.filter((reason) => reason in faults), { minLength: 1 });
  fc.assert(fc.property(some, (picked) => {
    let world: { order: Order; user?: typeof ALICE; item?: typeof BOOK } = { order: ORDER, user: ALICE, item: BOOK };
    for (const reason of picked.toReversed()) {
      const { order, ...rest } = faults[reason] as { order?: Partial<Order> };
      world = { ...world, ...rest, order: { ...world.order, ...order } };
    }
    assert.equal(decide(world.order, world.user, world.item), picked[0]);
  }));
});

Deno.test("invalidOrder() finds a bad item as it finds a bad user", pure, () => {
  assert.equal(invalidOrder(checked({ ...ORDER, item: "" })), "invalid-name");
  assert.equal(invalidOrder(checked({ ...ORDER, user: "\u202eecila" })), "invalid-name");
  assert.equal(invalidOrder(checked({ ...ORDER, order_id: "x".repeat(257) })), "invalid-order-id");
  assert.equal(invalidOrder(checked(ORDER)), undefined);
});

Deno.test("decideOrder() is pure: the same answer again, and nothing given is changed", pure, () => {
  const anyOrder = fc.record({
    order_id: fc.string({ unit: "binary" }),
    user: fc.constantFrom("alice", "__proto__", ""),
    item: fc.constantFrom("book", "constructor"),
    quantity: fc.oneof(fc.integer(), fc.double()),
    created_at: fc.integer(),
  });
  fc.assert(fc.property(anyOrder, fc.nat(), fc.constantFrom("paid", "unpaid"), (order, quantity, status) => {
    const [user, item] = [Object.freeze({ name: "alice", status }), Object.freeze({ name: "book", quantity })];
    const first = decide(Object.freeze(order), user, item);
    assert.equal(decide(order, user, item), first);
    if (first === "accepted") assert.ok(quantity - order.quantity >= 0);
  }));
});
