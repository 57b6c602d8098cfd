import assert from "node:assert/strict";
import { editStorage } from "../../../lib/files/edit_storage.ts";
import { WriteLock } from "../../../lib/files/locks.ts";
import { setStorageAside } from "../../../lib/files/set_aside.ts";
import { batchOf, order, outcomes, process, requireBalance, TestStorage, TOPIC } from "../../support/storage.ts";
import { sealLine } from "../../support/seal_line.ts";

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

Deno.test("FileStore.restartAt() holds over a kill until a range is read", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  await process(store, batchOf([id("a")]));
  await store.restartAt(TOPIC, 0, 0);
  await using copy = storage.copy();
  const again = await copy.open();
  assert.equal(again.resumeAt(TOPIC, 0), 0);
  assert.deepEqual(outcomes(await process(again, batchOf([id("a")]))), ["redelivered"]);
  assert.equal(again.resumeAt(TOPIC, 0), undefined);
});

Deno.test({
  name: "FileStore.restartAt() keeps what tools wrote into positions.jsonl since",
  async fn() {
    await using storage = await TestStorage.create();
    const store = await storage.open();
    await storage.setStock("book", 5);
    await storage.setStock("book", 6);
    await store.restartAt(TOPIC, 0, 0);
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
