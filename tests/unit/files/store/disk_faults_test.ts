import assert from "node:assert/strict";
import { Outage } from "../../../../lib/errors.ts";
import { type DiskCall, diskFull, inodeOf, watchDisk } from "../../../support/disk.ts";
import {
  batchOf,
  order,
  outcomes,
  process,
  requireBalance,
  requireUntouched,
  TestStorage,
} from "../../../support/storage.ts";
import { sealLine } from "../../../support/seal_line.ts";

const id = (order_id: string, given = {}) => order({ order_id, ...given });
const SECOND = batchOf([id("b"), id("c", { user: "bob" })], { from: 1 });

/** Runs `work` with the disk full for what `isFull` picks. */
function onFullDisk<T>(isFull: (call: DiskCall) => boolean, work: () => Promise<T>): Promise<T> {
  return watchDisk((call) => {
    if (call.kind === "write" && isFull(call)) throw diskFull();
  }, work);
}

/** Files that were synced while `work` ran. */
async function syncedBy(storage: TestStorage, work: () => Promise<unknown>): Promise<string[]> {
  const inodes = new Set<number | null>();
  await watchDisk(({ kind, inode }) => void (kind === "sync" && inodes.add(inode)), work);
  return [...storage.files().keys()].filter((name) => inodes.has(inodeOf(storage.folder, name)));
}

Deno.test("FileStore.process() changes nothing on a full disk and goes on when there is room", async () => {
  for (const name of ["orders.jsonl", "rejected.jsonl"]) {
    await using storage = await TestStorage.create();
    const store = await storage.open();
    await process(store, batchOf([id("a"), id("r", { user: "bob" })]));
    const inode = inodeOf(storage.folder, name);
    const outage = await requireUntouched(
      storage,
      74,
      () => onFullDisk((call) => call.inode === inode, () => process(store, SECOND)),
    );
    assert.ok(outage instanceof Outage);
    assert.match(outage.message, new RegExp(`Cannot append to .*${name}: the disk is full; make room`));
    assert.deepEqual(outcomes(await process(store, SECOND)), ["accepted", "unpaid-user"]);
    await storage.close(store);
    requireBalance(storage);
  }
});

Deno.test("FileStore.open() says which file finds no room to be written again, and starts once there is some", async () => {
  await using storage = await TestStorage.create();
  await process(await storage.open(), batchOf([id("a")])); // killed before its line was in the CSV
  await using copy = storage.copy();
  const inode = inodeOf(copy.folder, "orders.jsonl");
  const outage = await requireUntouched(copy, 74, () => onFullDisk((call) => call.inode === inode, () => copy.open()));
  assert.match(outage.message, /Cannot write .*orders\.jsonl again: the disk is full; make room/);
  await copy.close(await copy.open());
  assert.equal(requireBalance(copy).book, 9);
});

Deno.test("FileStore.process() cuts off what a filling disk took of a batch", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  const inode = inodeOf(storage.folder, "orders.jsonl");
  await requireUntouched(storage, 74, () =>
    onFullDisk((call) => {
      if (call.inode !== inode) return false;
      Deno.writeFileSync(storage.layout.orders, call.bytes!.subarray(0, 100), { append: true });
      return true;
    }, () => process(store, batchOf([id("a")]))));
  assert.deepEqual(outcomes(await process(store, batchOf([id("a")]))), ["accepted"]);
});

Deno.test("FileStore.process() takes nothing twice where only the position found no room", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  const inode = inodeOf(storage.folder, "positions.jsonl");
  await assert.rejects(onFullDisk((call) => call.inode === inode, () => process(store, batchOf([id("a")]))), Outage);
  assert.deepEqual(outcomes(await process(store, batchOf([id("a")]))), ["redelivered"]);
  await storage.close(store);
  assert.equal(requireBalance(storage).book, 9);
});

Deno.test("FileStore.process() ends with 74 when a sync fails, and never takes a later one for success", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  const inode = inodeOf(storage.folder, "orders.jsonl");
  let syncs = 0;
  const failing = () =>
    watchDisk((call) => {
      if (call.kind !== "sync" || call.inode !== inode) return;
      syncs++;
      throw new Error("Input/output error (os error 5)");
    }, () => process(store, batchOf([id("a")])));
  await assert.rejects(failing, { exit: 74, message: /Cannot sync .*orders\.jsonl: Input\/output error/ });
  assert.doesNotMatch(storage.text("positions.jsonl"), /"from"/);
  await assert.rejects(failing, { exit: 74 });
  await assert.rejects(process(store, batchOf([id("a")])), { exit: 74, message: /an earlier fsync failed/ });
  assert.equal(syncs, 1);
});

Deno.test("FileStore.process() syncs log and rejections before it notes the position", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  const names = new Map([...storage.files().keys()].map((name) => [inodeOf(storage.folder, name), name]));
  const calls: string[] = [];
  await watchDisk(({ kind, inode }) => void calls.push(`${kind} ${names.get(inode)}`), () => process(store, SECOND));
  assert.deepEqual(calls, [
    "write orders.jsonl",
    "write rejected.jsonl",
    "sync orders.jsonl",
    "sync rejected.jsonl",
    "write positions.jsonl",
    "sync positions.jsonl",
  ]);
});

Deno.test("FileStore.open() makes log lines durable again that the checkpoint does not cover", async () => {
  await using storage = await TestStorage.create();
  await process(await storage.open(), batchOf([id("a")]));
  await using copy = storage.copy();
  const inode = inodeOf(copy.folder, "orders.jsonl");
  const calls: string[] = [];
  await watchDisk(({ kind, inode: of }) => void (of === inode && calls.push(kind)), () => copy.open());
  assert.deepEqual(calls, ["write", "sync"]);
});

// Bug in lib/files/store/stock_ledger.ts: the line of a tool that was killed before its sync is counted, and orders are
// logged after it, while it is in the page cache only; after a power loss the log has a hole and is refused (65).
for (const running of [true, false]) {
  Deno.test({
    name: `FileStore syncs the edit of a killed tool before it counts it, ${running ? "running" : "at the start"}`,
    async fn() {
      await using storage = await TestStorage.create();
      const store = running ? await storage.open() : undefined;
      const line = sealLine({ seq: 3, item: "pen", set: 9, was: 50, by: "tool" });
      Deno.writeTextFileSync(storage.layout.edits, line, { append: true });
      const synced = await syncedBy(storage, () => store ? process(store, batchOf([id("a")])) : storage.open());
      assert.ok(synced.includes("stock_edits.jsonl"), synced.join());
    },
  });
}

Deno.test({
  name: "editStorage() syncs the log before it journals, also while a consumer owns the folder",
  async fn() {
    await using storage = await TestStorage.create();
    const store = await storage.open();
    await process(store, batchOf([id("a")]));
    const synced = await syncedBy(storage, () => storage.setStock("book", 4));
    assert.ok(synced.includes("orders.jsonl"), synced.join());
  },
});

Deno.test({
  name: "FileStore counts a person's save that found the disk full when there is room again",
  async fn() {
    await using storage = await TestStorage.create();
    const store = await storage.open();
    storage.save("inventory.csv", storage.text("inventory.csv").replace("pen,50", "pen,44"));
    await assert.rejects(onFullDisk(() => true, () => process(store, batchOf([id("a")]))), Outage);
    await process(store, batchOf([id("a")]));
    await storage.close(store);
    assert.deepEqual(requireBalance(storage), { book: 9, pen: 44 });
  },
});

Deno.test({
  name: "FileStore logs nothing while a blank as_of found no room to be pinned",
  async fn() {
    await using storage = await TestStorage.create();
    const store = await storage.open();
    storage.save("inventory.csv", "item,quantity\nbook,100\npen,50\n");
    const isCsv = ({ bytes }: DiskCall) => new TextDecoder().decode(bytes).startsWith("item,");
    await assert.rejects(onFullDisk(isCsv, () => process(store, batchOf([id("a")]))), Outage);
    await process(store, batchOf([id("a")]));
    await using copy = storage.copy();
    await copy.close(await copy.open());
    assert.equal(requireBalance(copy).book, 99);
  },
});
