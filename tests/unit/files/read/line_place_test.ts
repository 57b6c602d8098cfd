import assert from "node:assert/strict";
import fc from "fast-check";
import { LinePlaces } from "../../../../lib/files/read/line_place.ts";
import { sealLines } from "../../../../lib/files/log/sealed_line.ts";

const pure = { permissions: "none" } as const;
const [natural, text] = [fc.nat(), fc.string({ unit: "binary" })];
const topic = fc.stringMatching(/^[a-zA-Z0-9._-]{1,20}$/);
/** Text that looks like the fields that are searched for. */
const hostile = fc.oneof(text, fc.constant(`,"reason":"x","topic":"t","partition":7,"offset":9,"remaining":1,"crc":"`));
const asked = { order_id: hostile, user: hostile, item: hostile, quantity: fc.integer(), created_at: natural };

function placeOf(kind: "accepted" | "rejected", record: object) {
  const { bytes } = sealLines([record]);
  const place = new LinePlaces().read(kind, bytes, { start: 0, end: bytes.length - 1 });
  return place && { ...place };
}

Deno.test("LinePlaces.read() finds the place of any accepted order", pure, () => {
  const accepted = fc.record({
    ...asked,
    seq: natural,
    batch: natural,
    topic,
    partition: natural,
    offset: natural,
    remaining: natural,
    replay_of: fc.option(hostile, { nil: undefined }),
  });
  fc.assert(fc.property(accepted, (order) => {
    const { topic, partition, offset } = order;
    const found = placeOf("accepted", order);
    assert.deepEqual([found?.topic, found?.partition, found?.offset], [topic, partition, offset]);
  }));
});

Deno.test("LinePlaces.read() finds place and reason of any rejected order", pure, () => {
  const rejected = fc.record({
    ...asked,
    reason: fc.constantFrom("unpaid-user", "invalid-name", "order-id-conflict"),
    status: fc.option(hostile, { nil: undefined }),
    stock: fc.option(natural, { nil: undefined }),
    topic,
    partition: natural,
    offset: natural,
    replay_of: fc.option(hostile, { nil: undefined }),
    rejected_at: natural,
  });
  fc.assert(fc.property(rejected, (order) => {
    const { topic, partition, offset, reason } = order;
    assert.deepEqual(placeOf("rejected", order), { topic, partition, offset, reason });
  }));
});

Deno.test("LinePlaces.read() finds nothing in a line that is damaged or no order", pure, () => {
  const bytes = new TextEncoder().encode('{"order_id":"torn","us');
  for (const kind of ["accepted", "rejected"] as const) {
    assert.equal(new LinePlaces().read(kind, bytes, { start: 0, end: bytes.length }), undefined);
    assert.equal(new LinePlaces().read(kind, bytes, { start: 0, end: 0 }), undefined);
  }
});

Deno.test("LinePlaces.read() reads a rejection after an accepted replay", pure, () => {
  const order = { order_id: "a", user: "u", item: "i", quantity: 1, created_at: 1 };
  const [topic, partition] = ["orders", 0];
  const { bytes } = sealLines([
    { ...order, seq: 1, batch: 1, topic, partition, offset: 1, remaining: 1, replay_of: "b" },
    { ...order, reason: "unpaid-user", status: "unpaid", stock: 1, topic, partition, offset: 2, rejected_at: 1 },
  ]);
  const places = new LinePlaces();
  const end = bytes.indexOf(0x0a);
  assert.deepEqual({ ...places.read("accepted", bytes, { start: 0, end }) }, {
    topic,
    partition,
    offset: 1,
    reason: "",
  });
  assert.deepEqual(
    { ...places.read("rejected", bytes, { start: end + 1, end: bytes.length - 1 }) },
    { topic, partition, offset: 2, reason: "unpaid-user" },
  );
});
