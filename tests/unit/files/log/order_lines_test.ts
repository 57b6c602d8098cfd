import assert from "node:assert/strict";
import fc from "fast-check";
import { writeOrders } from "../../../../lib/files/log/order_lines.ts";
import { unsealLine } from "../../../../lib/files/log/sealed_line.ts";
import { sealLine } from "../../../support/seal_line.ts";

const pure = { permissions: "none" } as const;

const anyText = fc.oneof(
  fc.uuid(),
  fc.string(),
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.constant('"\\\n\ud800'),
);
const anyOrder = fc.record({
  order_id: anyText,
  user: anyText,
  item: anyText,
  quantity: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  created_at: fc.oneof(fc.integer({ min: -(2 ** 52), max: 2 ** 52 }), fc.constantFrom(0, 999_999_999, 10 ** 9)),
});
const anyAcceptance = fc.record({
  order: anyOrder,
  at: fc.record({
    topic: fc.constantFrom("orders", "o.2"),
    partition: fc.integer({ min: 0, max: 3 }),
    offset: fc.maxSafeNat(),
  }),
  remaining: fc.maxSafeNat(),
  replayOf: fc.option(anyText, { nil: undefined }),
});

Deno.test("writeOrders() writes what JSON.stringify() would, sealed, and says where each line starts", pure, () => {
  fc.assert(fc.property(fc.array(anyAcceptance, { maxLength: 20 }), fc.maxSafeNat(), (orders, firstSeq) => {
    firstSeq = Math.min(firstSeq, Number.MAX_SAFE_INTEGER - orders.length);
    const acceptances = orders.map(({ remaining, ...received }) => ({ received, remaining }));
    const { bytes, starts } = writeOrders(acceptances, firstSeq);
    const expected = orders.map(({ order, at: { topic, partition, offset }, remaining, replayOf }, index) => {
      const place = { seq: firstSeq + index, batch: firstSeq, topic, partition, offset };
      return sealLine({ ...order, ...place, remaining, replay_of: replayOf });
    });
    assert.equal(new TextDecoder().decode(bytes), expected.join(""));
    assert.equal(starts.length, orders.length);
    for (const [index, start] of starts.entries()) {
      assert.ok(unsealLine(bytes.subarray(start, (starts[index + 1] ?? bytes.length) - 1)));
    }
  }));
});
