import assert from "node:assert/strict";
import { auditBalance, takeSnapshot } from "../../../../lib/files/read/audit.ts";
import {
  batchOf,
  type LogLine,
  order,
  outcomes,
  process,
  requireBalance,
  requireUntouched,
  TestStorage,
} from "../../../support/storage.ts";
import { sealLine } from "../../../support/seal_line.ts";

const id = (order_id: string, given = {}) => order({ order_id, ...given });

/** Orders and edits by turns, then a clean stop: log and journal up to there are compacted, `after` comes behind. */
async function compacted(after: readonly string[] = []): Promise<TestStorage> {
  const storage = await TestStorage.create({ items: { book: 100, pen: 50, cup: 5 }, compactAbove: 0 });
  const store = await storage.open();
  for (let turn = 0; turn < 20; turn++) {
    await process(store, batchOf([id(`book-${turn}`), id(`pen-${turn}`, { item: "pen" })], { from: turn * 2 }));
    await storage.setStock("book", 100 + turn);
  }
  await storage.close(store);
  const again = await storage.open();
  for (const [index, order_id] of after.entries()) {
    await process(again, batchOf([id(order_id)], { from: 40 + index }));
  }
  await storage.close(again);
  return storage;
}

async function audit(storage: TestStorage) {
  const snapshot = await takeSnapshot(storage.folder, storage.warn);
  const { items, faults, accepted } = await auditBalance(snapshot, () => {});
  return { items, faults, accepted };
}

Deno.test("EditJournal.compact() keeps a line an item and the first one, and the stock comes out the same", async () => {
  await using storage = await compacted(["last"]);
  assert.ok(storage.edits().length <= 5, "a first line, one an item, and few that came since");
  assert.deepEqual(requireBalance(storage), { book: 118, pen: 30, cup: 5 });
  await storage.setStock("cup", 7);
  const store = await storage.open();
  await process(store, batchOf([id("more")], { from: 41 }));
  await storage.close(store);
  assert.deepEqual(requireBalance(storage), { book: 117, pen: 30, cup: 7 });
});

Deno.test("FileStore.refresh() takes over the edits that a tool has compacted at once", async () => {
  await using storage = await TestStorage.create({ items: { book: 10, pen: 5 }, compactAbove: 0 });
  const store = await storage.open();
  await process(store, batchOf([id("a")]));
  for (let turn = 0; turn < 20; turn++) await storage.setStock("book", 50 + turn);
  const [verdict] = await process(store, batchOf([id("b")], { from: 1 }));
  assert.deepEqual([verdict.kind, verdict.kind === "accepted" && verdict.remaining], ["accepted", 68]);
  await storage.close(store);
  assert.deepEqual(requireBalance(storage), { book: 68, pen: 5 });
});

Deno.test("auditBalance() adds up compacted edits, order by order after the last of an item", async () => {
  await using storage = await compacted(["last"]);
  const { items, faults, accepted } = await audit(storage);
  assert.deepEqual(faults, []);
  assert.equal(accepted, 41);
  assert.deepEqual(
    items.map(({ item, opening, edits, accepted, expected, stock }) => [
      item,
      opening + edits - accepted,
      expected,
      stock,
    ]).sort(),
    [["book", 118, 118, 118], ["cup", 5, 5, 5], ["pen", 30, 30, 30]],
  );
});

Deno.test("auditBalance() notices an order that is missing among compacted numbers", async () => {
  await using storage = await compacted();
  const lines = storage.text("orders.jsonl").trimEnd().split("\n");
  storage.save("orders.jsonl", lines.toSpliced(10, 2).join("\n") + "\n");
  const { faults } = await audit(storage);
  assert.ok(faults.some((fault) => /the log has 36 orders up to there, the edits say 38/.test(fault)), faults.join());
});

Deno.test("FileStore.open() notices a batch that the log has lost among compacted numbers", async () => {
  await using storage = await compacted(["last"]);
  const lines = storage.text("orders.jsonl").trimEnd().split("\n");
  for (const from of [0, 10, 38, 40]) {
    await using copy = storage.copy();
    copy.save("orders.jsonl", lines.toSpliced(from, 2).join("\n") + "\n");
    await requireUntouched(copy, 65, () => copy.open());
  }
});

Deno.test("FileStore.open() notices a line of a batch that the log has lost among compacted numbers", async () => {
  await using storage = await compacted(["last"]);
  const lines = storage.text("orders.jsonl").trimEnd().split("\n");
  for (const at of [0, 11, 38, 39]) {
    await using copy = storage.copy();
    copy.save("orders.jsonl", lines.toSpliced(at, 1).join("\n") + "\n");
    await requireUntouched(copy, 65, () => copy.open());
    await requireUntouched(copy, 65, () => copy.open());
  }
});

Deno.test("FileStore.open() takes no torn line among compacted numbers for an unfinished batch", async () => {
  await using storage = await compacted();
  const log = storage.bytes("orders.jsonl");
  storage.save("orders.jsonl", log.subarray(0, log.length - 5));
  await requireUntouched(storage, 65, () => storage.open());
});

Deno.test("FileStore.open() notices a log or journal from a backup beside a newer other one", async () => {
  await using storage = await TestStorage.create({ items: { book: 100, pen: 50 }, compactAbove: 0 });
  const [log, edits] = [storage.bytes("orders.jsonl"), storage.bytes("stock_edits.jsonl")];
  const store = await storage.open();
  for (let turn = 0; turn < 10; turn++) {
    await process(store, batchOf([id(`${turn}`)], { from: turn }));
    await storage.setStock("book", 50);
  }
  await storage.close(store);
  for (const [name, old] of [["orders.jsonl", log], ["stock_edits.jsonl", edits]] as const) {
    await using copy = storage.copy();
    copy.save(name, old);
    await requireUntouched(copy, 65, () => copy.open());
  }
});

Deno.test("A CSV from before the edits were compacted converges to the same stock", async () => {
  await using storage = await TestStorage.create({ items: { book: 100, pen: 50 }, compactAbove: 0 });
  const store = await storage.open();
  await process(store, batchOf([id("a")]));
  await store.checkpoint();
  const old = storage.text("inventory.csv");
  for (let turn = 0; turn < 20; turn++) {
    await process(store, batchOf([id(`${turn}`, { item: "pen" })], { from: turn + 1 }));
    await storage.setStock("pen", 50 + turn);
  }
  await storage.close(store);
  await using open = storage.copy();
  storage.save("inventory.csv", old.replace(/^book,99/m, "book,77"));
  const again = await storage.open();
  assert.deepEqual(outcomes(await process(again, batchOf([id("z")], { from: 30 }))), ["accepted"]);
  await storage.close(again);
  assert.deepEqual(requireBalance(storage), { book: 76, pen: 69 }, "a hand edit in an old copy counts as of its row");
  assert.deepEqual(requireBalance(open), { book: 99, pen: 69 });
});

Deno.test("A journal of a line an edit, as it was written before, is read and then compacted", async () => {
  await using storage = await TestStorage.create({ items: { book: 100 } });
  const old = Array.from(
    { length: 2_000 },
    (_, index) => sealLine({ seq: index + 2, batch: index + 2, item: "book", set: index, was: index - 1, by: "tool" }),
  );
  const first = sealLine({ seq: 1, batch: 1, item: "book", set: -1, was: null, by: "tool" });
  Deno.writeTextFileSync(storage.layout.edits, [first, ...old].join(""));
  storage.save("inventory.csv", "item,quantity,as_of\nbook,1999,2001\n");
  await storage.setStock("pen", 3);
  const lines: LogLine[] = storage.text("stock_edits.jsonl").trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.equal(lines.length, 3);
  assert.deepEqual(storage.stock(), { book: 1999, pen: 3 });
});
