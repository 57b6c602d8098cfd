import assert from "node:assert/strict";
import type { SeenVerdict } from "../../../../../lib/store_watch.ts";
import { Pace } from "../../../../../tools/dashboard/feed/rates.ts";
import { RecentOrders } from "../../../../../tools/dashboard/feed/recent_orders.ts";
import { Source } from "../../../../../tools/dashboard/feed/source.ts";
import { StockBars } from "../../../../../tools/dashboard/feed/stock_bars.ts";
import { Tenures } from "../../../../../tools/dashboard/feed/tenures.ts";

const pure = { permissions: "none" } as const;

function accepted(offset: number, given: Partial<SeenVerdict> = {}): SeenVerdict {
  const asked = { order_id: `order-${offset}`, user: "alice", item: "book", quantity: 1, created_at: 0 };
  return {
    verdict: "accepted",
    ...asked,
    topic: "orders",
    partition: 0,
    offset,
    remaining: 1,
    ...given,
  } as SeenVerdict;
}

Deno.test("Pace.see() averages over the time from one look to the next", pure, () => {
  const pace = new Pace();
  assert.deepEqual(pace.see({ at: 0, counts: { accepted: 1_000_000 } }), {}); // nobody knows since when
  assert.deepEqual(pace.see({ at: 2_000, counts: { accepted: 5, "unpaid-user": 1, gone: 0 } }), {
    accepted: 2.5,
    "unpaid-user": 0.5,
  });
  assert.deepEqual(pace.see({ at: 2_000, counts: { accepted: 5 } }), { accepted: 2.5, "unpaid-user": 0.5 });
  assert.deepEqual(pace.see(undefined), {});
  assert.deepEqual(pace.see({ at: 12_000, counts: { accepted: 100 } }), { accepted: 10 });
});

Deno.test("StockBars.bars() tells when an item will be empty, and forgets the pace before a restock", pure, () => {
  const bars = new StockBars();
  const look = (at: number, quantity: number) => bars.bars(at, [{ name: "book", quantity }])[0];
  assert.equal(look(0, 100).emptyInSeconds, null);
  assert.equal(look(10_000, 80).emptyInSeconds, 40);
  assert.deepEqual(look(20_000, 200), { item: "book", quantity: 200, peak: 200, emptyInSeconds: null });
  assert.deepEqual(look(30_000, 190), { item: "book", quantity: 190, peak: 200, emptyInSeconds: 190 });
  assert.equal(look(31_000, 0).emptyInSeconds, null);
});

Deno.test("StockBars.bars() goes by the last minute", pure, () => {
  const bars = new StockBars();
  const look = (at: number, quantity: number) => bars.bars(at, [{ name: "book", quantity }])[0].emptyInSeconds;
  look(0, 1_000);
  look(1_000, 100);
  assert.equal(look(61_000, 90), 540);
  assert.equal(look(200_000, 90), null);
});

Deno.test("RecentOrders.search() looks into id, user and item, newest first", pure, () => {
  const recent = new RecentOrders("orders");
  recent.add([accepted(1), accepted(2, { user: "Zoë" })], 10);
  recent.add([accepted(3, { item: "pen" })], 20);
  const ids = (text: string) => recent.search(text).orders.map(({ order_id }) => order_id);
  assert.deepEqual(ids("ORDER-"), ["order-3", "order-2", "order-1"]);
  assert.deepEqual([ids("zoë"), ids("zoe\u0308"), ids("PEN"), ids("lamp")], [
    ["order-2"],
    ["order-2"],
    ["order-3"],
    [],
  ]);
  assert.equal(recent.search("").searched, 3);
});

Deno.test("RecentOrders.marks() has the latest verdicts by offset, of a record its last one", pure, () => {
  const recent = new RecentOrders("orders");
  recent.add(Array.from({ length: 70 }, (_, offset) => accepted(offset)), 10);
  recent.add([accepted(1, { topic: "another" })], 10);
  recent.mark(0, { offset: 3, verdict: "dead-letter" });
  recent.mark(0, { offset: 69, verdict: "dead-letter" });
  const marks = recent.marks(0);
  assert.deepEqual([marks.length, marks[0], marks.at(-1)], [
    60,
    { offset: 3, verdict: "dead-letter" },
    { offset: 69, verdict: "dead-letter" },
  ]);
  assert.deepEqual(recent.marks(7), []);
});

Deno.test("RecentOrders keeps a bounded number", pure, () => {
  const recent = new RecentOrders("orders");
  for (let at = 0; at < 20; at++) recent.add(Array.from({ length: 500 }, (_, index) => accepted(at * 500 + index)), at);
  assert.deepEqual([recent.search("").searched, recent.latest().length, recent.latest()[0].offset], [
    5_000,
    100,
    9_999,
  ]);
});

Deno.test("Tenures.see() notes who had which partition from when to when, for ten minutes", pure, () => {
  const tenures = new Tenures();
  tenures.see(0, [{ partition: 0, owner: "a" }]);
  tenures.see(1_000, [{ partition: 0, owner: "a" }]);
  tenures.see(2_000, [{ partition: 0, owner: null }]);
  assert.deepEqual(tenures.all(), [
    { partition: 0, owner: "a", from: 0, to: 2_000 },
    { partition: 0, owner: null, from: 2_000, to: 2_000 },
  ]);
  tenures.see(700_000, [{ partition: 0, owner: null }]);
  assert.deepEqual(tenures.all(), [{ partition: 0, owner: null, from: 2_000, to: 700_000 }]);
});

Deno.test("Source keeps what it saw last, says since when it is away, and comes back by itself", pure, async () => {
  const answers: (number | Error)[] = [1, new Error("It is away"), new Error("It is still away"), 2];
  const source = new Source(() => {
    const answer = answers.shift()!;
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  });
  assert.equal(source.health.ok, false);
  await source.refresh();
  assert.deepEqual([source.health.ok, source.latest], [true, 1]);
  await source.refresh();
  const away = source.health;
  await source.refresh();
  assert.deepEqual([source.health, source.latest], [{ ...away, sentence: "It is still away" }, 1]);
  await source.refresh();
  assert.deepEqual([source.health.ok, source.latest], [true, 2]);
});
