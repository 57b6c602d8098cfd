import assert from "node:assert/strict";
import { FileWatch } from "../../../../lib/files/read/file_watch.ts";
import type { FileStore } from "../../../../lib/files/store/file_store.ts";
import type { StoreLook } from "../../../../lib/store_watch.ts";
import { batchOf, order, process, TestStorage } from "../../../support/storage.ts";

const LIMITS = { news: 500, items: 50, users: 50 };

function watch({ folder }: TestStorage): FileWatch {
  return new FileWatch(folder, LIMITS);
}

function verdicts({ news }: StoreLook): string[] {
  return news.map((seen) => `${seen.order_id} ${seen.verdict === "rejected" ? seen.reason : seen.verdict}`);
}

function stock({ items }: StoreLook): Record<string, number> {
  return Object.fromEntries(items.map(({ name, quantity }) => [name, quantity]));
}

/** `count` orders of one book each, from offset `from` on. */
async function sell(store: FileStore, count: number, from: number): Promise<void> {
  const orders = Array.from({ length: count }, (_, index) => order({ order_id: `sold-${from + index}` }));
  await process(store, batchOf(orders, { from }));
}

Deno.test("FileWatch tells verdicts, totals and stock while a consumer works", async () => {
  await using storage = await TestStorage.create();
  const watching = watch(storage);
  const empty = await watching.look();
  assert.deepEqual([empty.accepted, empty.rejected, empty.isExact, empty.news], [0, {}, true, []]);
  assert.deepEqual(stock(empty), { book: 10, pen: 50 });
  const store = await storage.open();
  await process(store, batchOf([order({ order_id: "a", quantity: 2 }), order({ order_id: "b", user: "bob" })]));
  await storage.setStock("pen", 7);
  const look = await watching.look();
  assert.deepEqual(verdicts(look), ["a accepted", "b unpaid-user"]);
  assert.deepEqual([look.accepted, look.rejected, look.isExact, look.isSampled], [
    1,
    { "unpaid-user": 1 },
    true,
    false,
  ]);
  assert.deepEqual(look.fresh, { accepted: 1, rejected: { "unpaid-user": 1 } });
  assert.deepEqual(stock(look), { book: 8, pen: 7 });
  const quiet = await watching.look();
  assert.deepEqual([quiet.news, quiet.fresh], [[], { accepted: 0, rejected: {} }]);
});

Deno.test("FileWatch counts a record once, by its last verdict", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  const orders = [order({ order_id: "a", user: "bob" }), order({ order_id: "b", user: "nobody" })];
  const early = watch(storage);
  await process(store, batchOf(orders));
  assert.deepEqual((await early.look()).rejected, { "unpaid-user": 1, "unknown-user": 1 });
  await storage.setUser("bob", "paid");
  await process(store, batchOf(orders)); // read again after a reset
  for (const watching of [early, watch(storage)]) {
    const { accepted, rejected, isExact } = await watching.look();
    assert.deepEqual([accepted, rejected, isExact], [1, { "unknown-user": 1 }, true]);
  }
});

Deno.test("FileWatch looks at samples where much was appended, and counts all of it", async () => {
  await using storage = await TestStorage.create({ items: { book: 1_000_000, pen: 3 } });
  const store = await storage.open();
  const watching = watch(storage);
  await watching.look();
  for (let batch = 0; batch < 4; batch++) await sell(store, 1_000, batch * 1_000);
  const look = await watching.look();
  assert.deepEqual([look.accepted, look.fresh.accepted, look.isExact, look.isSampled], [4_000, 4_000, true, true]);
  assert.deepEqual([look.news.length, stock(look)], [LIMITS.news, { book: 996_000, pen: 3 }]);
  assert.equal(look.news.at(-1)?.order_id, "sold-3999");
  const late = await watch(storage).look();
  assert.deepEqual([late.accepted, late.fresh.accepted, late.isSampled], [4_000, 0, false]);
});

Deno.test("FileWatch passes over what a crash left at the end, and goes on behind it", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  await sell(store, 2, 0);
  await storage.close(store);
  const whole = { orders: storage.text("orders.jsonl"), rejected: storage.text("rejected.jsonl") };
  Deno.writeTextFileSync(storage.layout.orders, '{"order_id":"torn","us', { append: true });
  Deno.writeTextFileSync(storage.layout.rejected, '{"order_id":"torn', { append: true });
  const watching = watch(storage);
  assert.deepEqual([(await watching.look()).accepted, (await watching.look()).accepted], [2, 2]);
  Deno.writeTextFileSync(storage.layout.orders, whole.orders);
  Deno.writeTextFileSync(storage.layout.rejected, whole.rejected);
  await sell(await storage.open(), 2, 2);
  const look = await watching.look();
  assert.deepEqual([verdicts(look), look.accepted], [["sold-2 accepted", "sold-3 accepted"], 4]);
});

Deno.test("FileWatch shows another store that has taken the place of the folder's", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  await process(store, batchOf([order({ order_id: "a" }), order({ order_id: "b", user: "bob" })]));
  const watching = watch(storage);
  await watching.look();
  await using another = await TestStorage.create({ items: { lamp: 3 } });
  await process(await another.open(), batchOf([order({ order_id: "c", item: "lamp" })]));
  for (const name of another.files().keys()) Deno.renameSync(`${another.folder}/${name}`, `${storage.folder}/${name}`);
  const look = await watching.look();
  assert.deepEqual([verdicts(look), look.accepted, look.rejected, look.isExact], [["c accepted"], 1, {}, true]);
  assert.deepEqual([stock(look), look.fresh.accepted], [{ lamp: 2 }, 0]);
});

Deno.test("FileWatch says what is missing, and goes on when it is back", async () => {
  await using storage = await TestStorage.create();
  const watching = watch(storage);
  Deno.renameSync(storage.layout.inventory, `${storage.layout.inventory}-aside`);
  await assert.rejects(watching.look(), /inventory\.csv is missing: run deno task bootstrap/);
  Deno.renameSync(`${storage.layout.inventory}-aside`, storage.layout.inventory);
  assert.equal((await watching.look()).itemCount, 2);
});
