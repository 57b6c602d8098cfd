import assert from "node:assert/strict";
import fc from "fast-check";
import { PAID } from "../../lib/decide_order.ts";
import { isValidName, isValidOrderId, MAX_QUANTITY } from "../../lib/order.ts";
import { decide } from "../support/decide.ts";

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.constantFrom("", "alice", "__proto__", "\ud800", "\x1b[2J", "x".repeat(256), "x".repeat(257), "a\u202eb"),
);
const anyNumber = fc.oneof(
  fc.double(),
  fc.maxSafeInteger(),
  fc.integer({ min: -2, max: 12 }),
  fc.constantFrom(MAX_QUANTITY, 2 ** 31, 2 ** 40, NaN, Infinity, -0),
);
const anyOrder = fc.record({
  order_id: anyText,
  user: anyText,
  item: anyText,
  quantity: anyNumber,
  created_at: anyNumber,
});
const anyUser = fc.option(fc.record({ name: anyText, status: fc.constantFrom(PAID, "unpaid", "Paid", "") }), {
  nil: undefined,
});
const anyItem = fc.option(fc.record({ name: anyText, quantity: fc.nat(10) }), { nil: undefined });

Deno.test(
  "decideOrder() accepts a valid order of a paid user that the stock covers and nothing else, whatever it is given",
  { permissions: "none" },
  () => {
    fc.assert(
      fc.property(anyOrder, anyUser, anyItem, (order, user, item) => {
        const before = structuredClone([order, user, item]);
        const decision = decide(order, user, item);
        assert.deepEqual(structuredClone([order, user, item]), before, "its arguments stay as they are");
        const { quantity } = order;
        const isValid = isValidOrderId(order.order_id) && isValidName(order.user) && isValidName(order.item) &&
          Number.isInteger(quantity) && quantity > 0 && quantity <= MAX_QUANTITY;
        const isAccepted = isValid && user?.status === PAID && (item?.quantity ?? 0) >= quantity;
        assert.equal(decision === "accepted", isAccepted);
      }),
      { numRuns: 2_000 },
    );
  },
);
