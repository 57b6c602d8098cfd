import assert from "node:assert/strict";
import { editStorage } from "../../../../lib/files/store/edit_storage.ts";
import { FileStore } from "../../../../lib/files/store/file_store.ts";
import { WriteLock } from "../../../../lib/files/disk/locks.ts";
import { setStorageAside } from "../../../../lib/files/store/set_aside.ts";
import { restartAt } from "../../../support/restart_at.ts";
import {
  batchOf,
  order,
  outcomes,
  partitionOf,
  process,
  requireBalance,
  TestStorage,
} from "../../../support/storage.ts";
import { sealLine } from "../../../support/seal_line.ts";

const id = (order_id: string, given = {}) => order({ order_id, ...given });

Deno.test("FileStore.open() waits for a tool's edit", async () => {
  await using storage = await TestStorage.create();
  const lock = WriteLock.open(storage.layout);
  const [entered, leave] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const held = lock.hold(() => {
    entered.resolve();
    return leave.promise;
  });
  await entered.promise;
  const opening = storage.open().then((store) => (opened = true, store));
  let opened = false;
  const other = await TestStorage.create(); // other work meanwhile
  await other[Symbol.asyncDispose]();
  assert.equal(opened, false);
  leave.resolve();
  await held;
  await opening;
  lock.close();
});

Deno.test({
  name: "FileStore.open() counts the edit of a tool that it waited for",
  async fn() {
    await using storage = await TestStorage.create();
    const [entered, leave] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const edit = editStorage(storage.folder, async ({ ledger }) => {
      entered.resolve();
      await leave.promise;
      await ledger.edit([{ item: "book", set: 3, by: "tool" }]);
    }, storage);
    await entered.promise;
    const opening = storage.open();
    leave.resolve();
    await edit;
    const store = await opening;
    await process(store, batchOf([id("a")]));
    await storage.close(store);
    assert.equal(requireBalance(storage).book, 2);
  },
});

Deno.test("FileStore.offsets hold over a kill until a range is read", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  await process(store, batchOf([id("a")]));
  await restartAt(store, partitionOf(0), 0);
  await using copy = storage.copy();
  const again = await copy.open();
  assert.equal(await again.resumeAt(partitionOf(0)), 0);
  assert.deepEqual(outcomes(await process(again, batchOf([id("a")]))), ["redelivered"]);
  assert.equal(await again.resumeAt(partitionOf(0)), undefined);
});

Deno.test({
  name: "FileStore.offsets keep what tools wrote into positions.jsonl since",
  async fn() {
    await using storage = await TestStorage.create();
    const store = await storage.open();
    await storage.setStock("book", 5);
    await storage.setStock("book", 6);
    await restartAt(store, partitionOf(0), 0);
    assert.deepEqual(outcomes(await process(store, batchOf([id("a")]))), ["accepted"]);
    await storage.close(store);
    await storage.close(await storage.open());
    assert.equal(requireBalance(storage).book, 5);
  },
});

Deno.test({
  name: "FileStore.open() takes several edits that were never synced for torn where the first is zeroed",
  async fn() {
    await using storage = await TestStorage.create();
    const lines = [3, 4, 5, 6].map((seq) =>
      sealLine({ seq, batch: 3, item: `x${seq}`, set: 1, was: null, by: "hand" })
    );
    const torn = "\0".repeat(lines[0].length + lines[1].length) + lines[2] + lines[3];
    storage.save("stock_edits.jsonl", storage.text("stock_edits.jsonl") + torn);
    await storage.close(await storage.open());
    assert.deepEqual(requireBalance(storage), { book: 10, pen: 50 });
  },
});

Deno.test({
  name: "FileStore.open() leaves no file open where it fails",
  async fn() {
    await using storage = await TestStorage.create();
    storage.save("inventory.csv", "nonsense\n");
    // By way of `ls`: Deno itself opens nothing in /proc without all permissions.
    const files = () => new Deno.Command("ls", { args: ["-l", `/proc/${Deno.pid}/fd`] }).outputSync().stdout;
    const open = () => new TextDecoder().decode(files()).split("\n").filter((line) => line.includes(storage.folder));
    const before = open();
    await assert.rejects(storage.open(), { exit: 65 });
    assert.deepEqual(open(), before);
  },
});

Deno.test("setStorageAside() leaves no index of the old log behind", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  await process(store, batchOf([id("a")]));
  await storage.close(store);
  await setStorageAside(storage.folder);
  assert.deepEqual([...storage.files().keys()], []);
});

Deno.test({
  name: "FileStore.open() takes no index of another log that has a line ending at the same byte",
  async fn() {
    await using storage = await TestStorage.create();
    const store = await storage.open();
    await process(store, batchOf([id("a")]));
    await storage.close(store);
    const { crc: _, ...line } = JSON.parse(storage.text("orders.jsonl"));
    const next = { ...line, order_id: "c", seq: 4, batch: 4, offset: 1, remaining: 8 };
    storage.save("orders.jsonl", sealLine({ ...line, order_id: "b" }) + sealLine(next));
    const again = await storage.open();
    assert.deepEqual(outcomes(await process(again, batchOf([id("b")]))), ["redelivered"]);
  },
});

Deno.test("FileStore.close() writes its index where no tool takes it for the leftovers of a crash", async () => {
  await using storage = await TestStorage.create({ items: { book: 1_000_000 } });
  const worker = new Worker(import.meta.resolve("../../../support/tool_loop.ts"), { type: "module" });
  const said = (word: string) =>
    new Promise<void>((resolve) => worker.onmessage = ({ data }) => data === word && resolve());
  try {
    const on = said("on");
    worker.postMessage(storage.folder);
    await on;
    for (let run = 0; run < 10; run++) {
      const store = await storage.open();
      // Large enough that writing it takes a while.
      const orders = Array.from({ length: 20_000 }, (_, index) => id(`${run}-${index}`));
      await process(store, batchOf(orders, { from: run * orders.length }));
      await storage.close(store);
      assert.ok(storage.files().has(".orders.index"));
    }
  } finally {
    const over = said("over");
    worker.postMessage("");
    await over;
    worker.terminate();
  }
});

Deno.test("FileStore.process() leaves a tool that waits little to read", async () => {
  await using storage = await TestStorage.create({ items: { book: 1_000_000 } });
  const store = await storage.open();
  const batch = (run: number) =>
    batchOf(Array.from({ length: 15_000 }, (_, index) => id(`${run}-${index}`)), { from: run * 15_000 });
  for (let run = 0; run < 3; run++) await process(store, batch(run));
  assert.equal(storage.stock().book, 1_000_000, "nobody waits");
  const lock = WriteLock.open(storage.layout);
  const [entered, leave] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const first = lock.hold(() => {
    entered.resolve();
    return leave.promise;
  });
  await entered.promise;
  const processed = process(store, batch(3)); // waits for the lock, and holds the turn
  const waiting = WriteLock.open(storage.layout);
  const seen = waiting.hold(() => Promise.resolve(storage.stock().book));
  leave.resolve();
  await first;
  await processed;
  assert.equal(await seen, 940_000, "the CSV is current when the tool's turn has come");
  for (const each of [lock, waiting]) each.close();
});

Deno.test("FileStore.open() says how far it is, and stops when told to", async () => {
  await using storage = await TestStorage.create({ items: { book: 1_000_000 } });
  const store = await storage.open();
  await process(store, batchOf(Array.from({ length: 40_000 }, (_, index) => id(`${index}-${"x".repeat(100)}`))));
  await storage.close(store);
  Deno.removeSync(storage.layout.index);
  const controller = new AbortController();
  const told: number[] = [];
  const progress = (done: number, total: number) => {
    told.push(done / total);
    controller.abort();
  };
  const opening = FileStore.open(storage.folder, { ...storage, stop: controller.signal, progress });
  await assert.rejects(opening, (error) => error === controller.signal.reason);
  assert.ok(told.length > 0 && told[0] < 1, `${told}`);
  const again = await storage.open();
  assert.deepEqual(outcomes(await process(again, batchOf([id("late")], { from: 40_000 }))), ["accepted"]);
});

Deno.test("FileStore.checkpoint() writes what a tool journalled that was killed before it wrote the CSV", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  for (const [from, name] of ["a", "b", "c"].entries()) {
    await process(store, batchOf([id(name)], { from }));
    await store.checkpoint();
  }
  const journal = storage.text("stock_edits.jsonl");
  const edits = [{ item: "book", set: 30, was: 7 }, { item: "car", set: 5, was: null }, { item: "pen", set: null }];
  const lines = edits.map((edit, index) => sealLine({ seq: 6 + index, batch: 6, was: 50, ...edit, by: "tool" }));
  storage.save("stock_edits.jsonl", journal + lines.join(""));
  await process(store, batchOf([id("d")], { from: 3 }));
  await store.checkpoint();
  assert.equal(storage.text("inventory.csv"), "item,quantity,as_of\nbook,29,9\ncar,5,9\n");
  await storage.close(store);
  assert.deepEqual(requireBalance(storage), { book: 29, car: 5 });
});
