import assert from "node:assert/strict";
import type { Decision } from "../../lib/decide_order.ts";
import { EXIT, Failure } from "../../lib/errors.ts";
import { type Mix, MIX_KINDS, parseMix, type SampleOptions, sampleOrders } from "../../lib/sample_orders.ts";
import { decide } from "../support/decide.ts";

const users = [{ name: "alice", status: "paid" }, { name: "bob", status: "unpaid" }, { name: "carol", status: "paid" }];
const items = [{ name: "book", quantity: 10 }, { name: "pen", quantity: 50 }];

function sample(count: number, options: Partial<SampleOptions> = {}) {
  let ids = 0;
  let clock = 0;
  const orders = sampleOrders({
    seed: "s",
    users,
    items,
    newOrderId: () => `o-${ids++}`,
    now: () => clock++,
    ...options,
  });
  return [...orders.take(count)];
}

function exitOf(run: () => unknown): { exit: number; message: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  assert.fail("nothing was thrown");
}

Deno.test(
  "sampleOrders() gives the same orders for the same seed, and others for another",
  { permissions: "none" },
  () => {
    const contents = (options: Partial<SampleOptions>) =>
      sample(200, options).map(({ order, kind }) => [kind, order.user, order.item, order.quantity]);
    for (const mix of [undefined, parseMix("unpaid=20,no-stock=20,duplicate=20,poison=20")]) {
      const once = contents({ mix });
      assert.deepEqual(contents({ mix, newOrderId: () => "another", now: () => 7 }), once);
      assert.notDeepEqual(contents({ mix, seed: "t" }), once);
    }
  },
);

Deno.test("sampleOrders() draws every user, item and small quantity without a mix", { permissions: "none" }, () => {
  for (const seed of ["", "a", "b", "日本"]) {
    const orders = sample(3_000, { seed });
    for (const [field, values] of [["user", 3], ["item", 2], ["quantity", 3]] as const) {
      const counts = Map.groupBy(orders, ({ order }) => order[field]);
      assert.equal(counts.size, values);
      for (const some of counts.values()) assert.ok(Math.abs(some.length - 3_000 / values) < 150, `${field} ${seed}`);
    }
    assert.ok(orders.every(({ kind }) => kind === undefined));
  }
});

Deno.test("sampleOrders() makes each kind as often as the mix says", { permissions: "none" }, () => {
  const mix = parseMix("unpaid=10,unknown-user=5,unknown-item=5,no-stock=5,duplicate=1.5,poison=0.5");
  const orders = sample(20_000, { mix });
  for (const kind of MIX_KINDS) {
    const percent = orders.filter((order) => order.kind === kind).length / 200;
    assert.ok(Math.abs(percent - mix[kind]!) < 0.6, `${kind} ${percent}%`);
  }
});

Deno.test("sampleOrders() makes orders that end the way they are named for", { permissions: "none" }, () => {
  const reasons: Record<string, Decision> = {
    good: "accepted",
    unpaid: "unpaid-user",
    "unknown-user": "unknown-user",
    "unknown-item": "unknown-item",
    "no-stock": "insufficient-stock",
  };
  const mix = parseMix("unpaid=20,unknown-user=20,unknown-item=20,no-stock=20");
  // The names that would be made up for unknown ones are taken here.
  const known = [...users, ...Array.from({ length: 100 }, (_, i) => ({ name: `nobody-${i + 1}`, status: "paid" }))];
  for (const { order, kind } of sample(2_000, { mix, users: known })) {
    const user = known.find(({ name }) => name === order.user);
    const item = items.find(({ name }) => name === order.item);
    assert.equal(decide(order, user, item), reasons[kind!], `${kind}`);
  }
});

Deno.test("sampleOrders() repeats earlier good orders as duplicates, contents and all", { permissions: "none" }, () => {
  const mix = parseMix("duplicate=50,poison=10,unpaid=10");
  const earlier = new Map<string, unknown>();
  let duplicates = 0;
  for (const { order, kind } of sample(500, { mix })) {
    if (kind === "good") earlier.set(order.order_id, order);
    if (kind === "duplicate") {
      duplicates++;
      assert.deepEqual(earlier.get(order.order_id), order);
    }
  }
  assert.ok(duplicates > 200);
});

Deno.test("sampleOrders() begins with good orders where only duplicates are asked for", { permissions: "none" }, () => {
  assert.deepEqual(sample(3, { mix: { duplicate: 100 } }).map(({ kind }) => kind), ["good", "duplicate", "duplicate"]);
});

Deno.test("sampleOrders() says what the files lack for the mix", { permissions: "none" }, () => {
  const paid = users.filter(({ status }) => status === "paid");
  const unpaid = users.filter(({ status }) => status === "unpaid");
  const lacking: [Partial<SampleOptions>, RegExp][] = [
    [{ mix: { unpaid: 1 }, users: paid }, /an unpaid user: deno task user add --user NAME --status unpaid$/],
    [{ mix: { poison: 1 }, users: unpaid }, /a paid user/],
    [{ users: [] }, /a user/],
    [{ items: [] }, /an item/],
    [{ mix: { "no-stock": 1 }, items: [{ name: "book", quantity: 2 ** 31 - 1 }] }, /an item/],
  ];
  for (const [options, expected] of lacking) {
    const { exit, message } = exitOf(() => sample(1, options));
    assert.equal(exit, EXIT.config);
    assert.match(message, expected);
  }
  assert.equal(sample(1, { mix: { unpaid: 100 }, users: unpaid }).length, 1);
});

Deno.test("parseMix() takes fractions up to 100 percent", { permissions: "none" }, () => {
  assert.deepEqual(parseMix("unpaid=10,poison=0.5"), { unpaid: 10, poison: 0.5 } satisfies Mix);
  parseMix("unpaid=34.7,poison=29.6,duplicate=35.7"); // 100.00000000000001 in floating point
});

Deno.test(
  "parseMix() refuses unknown kinds, repeats, bad numbers and more than 100 percent",
  { permissions: "none" },
  () => {
    const wrong = [
      "",
      "unpaid",
      "unpaid=",
      "unpaid=x",
      "unpaid=-1",
      "unpaid=1e1",
      "unpaid=１",
      "good=5",
      "unpaid=1,unpaid=2",
    ];
    for (const text of [...wrong, "unpaid=60,poison=41", "unpaid=NaN", "__proto__=1", "unpaid=1=2"]) {
      assert.equal(exitOf(() => parseMix(text)).exit, EXIT.usage, text);
    }
  },
);
