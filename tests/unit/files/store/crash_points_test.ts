import assert from "node:assert/strict";
import { join } from "node:path";
import { restartAt } from "../../../support/restart_at.ts";
import { batchOf, order, partitionOf, process, requireBalance, TestStorage } from "../../../support/storage.ts";
import { type DiskCall, watchDisk } from "../../../support/disk.ts";

const id = (order_id: string, given = {}) => order({ order_id, ...given });

/**
 * Runs `work` and shows `visit` what a process leaves that dies before each call that changes the disk, or in the middle
 * of a write, together with what `note` said then. Returns how many such points there were.
 */
async function crashPoints<T>(
  storage: TestStorage,
  note: () => T,
  work: () => Promise<unknown>,
  visit: (copy: TestStorage, noted: T) => Promise<void>,
): Promise<number> {
  const points: { copy: TestStorage; label: string; noted: T }[] = [];
  const add = (copy: TestStorage, label: string) =>
    points.push({ copy, label: `${points.length} ${label}`, noted: note() });
  await watchDisk((call) => {
    const label = `before the ${call.kind} of ${nameOf(storage, call)}`;
    add(storage.copy(), label);
    if (call.kind === "write") add(halfWritten(storage, call), `${label}, half of it done`);
  }, work);
  add(storage.copy(), "at the end");
  try {
    for (const { copy, label, noted } of points) {
      await visit(copy, noted).catch((error) => assert.fail(`${label}: ${error}`));
    }
  } finally {
    for (const { copy } of points) await copy[Symbol.asyncDispose]();
  }
  return points.length;
}

function halfWritten(storage: TestStorage, call: DiskCall): TestStorage {
  const copy = storage.copy();
  const name = nameOf(storage, call);
  // Every write goes to the end of its file, be it a journal or a new temp file; but lines that may be in the page cache
  // only are written once more in place, and half of that changes nothing.
  if (name === ".owner.lock" || endsWith(copy.bytes(name), call.bytes!)) return copy;
  const half = call.bytes!.subarray(0, call.bytes!.length >> 1);
  copy.save(name, new Uint8Array([...copy.bytes(name), ...half]));
  return copy;
}

function endsWith(bytes: Uint8Array, end: Uint8Array): boolean {
  return end.length <= bytes.length && end.every((byte, index) => byte === bytes[bytes.length - end.length + index]);
}

function nameOf(storage: TestStorage, { inode }: DiskCall): string {
  const names = [...Deno.readDirSync(storage.folder)].map(({ name }) => name);
  return names.find((name) => Deno.statSync(join(storage.folder, name)).ino === inode) ?? "the folder";
}

const BATCHES = [
  batchOf([id("a", { quantity: 2 }), id("b", { user: "bob" })]),
  batchOf([id("c", { item: "pen", quantity: 5 }), id("d")], { from: 2 }),
  batchOf([id("e", { quantity: 3 }), id("f", { item: "pen" })], { partition: 1 }),
  batchOf([], { partition: 1, from: 2, to: 5 }),
];

Deno.test("FileStore loses nothing and takes nothing twice, whichever call to the disk was its last", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  const done: string[] = [];
  const step = async (what: string, work: Promise<unknown>) => {
    await work;
    done.push(what);
  };
  const points = await crashPoints(storage, () => [...done], async () => {
    await step("a", process(store, BATCHES[0]));
    await store.checkpoint();
    await step("cd", process(store, BATCHES[1]));
    await step("book=20", storage.setStock("book", 20));
    await step("bob,paid", storage.setUser("bob", "paid"));
    storage.save("inventory.csv", storage.text("inventory.csv").replace(/^pen,\d+/m, "pen,30") + "car,4\n");
    await step("ef", process(store, BATCHES[2]));
    await step("restart", restartAt(store, partitionOf(0), 0));
    await process(store, BATCHES[3]);
    await storage.close(store);
  }, async (copy, acknowledged) => {
    const again = await copy.open();
    const accepted = copy.orders().map(({ order_id }) => order_id).join("");
    for (const ids of ["a", "cd", "ef"]) assert.ok(!acknowledged.includes(ids) || accepted.includes(ids), ids);
    if (acknowledged.includes("book=20")) {
      assert.ok(copy.edits().some(({ item, set }) => item === "book" && set === 20));
    }
    if (acknowledged.includes("bob,paid")) assert.match(copy.text("users.csv"), /^bob,paid$/m);
    if (acknowledged.includes("restart")) assert.equal(await again.resumeAt(partitionOf(0)), 0);
    for (const batch of BATCHES) await process(again, batch);
    await copy.close(again);
    requireBalance(copy);
    const all = copy.orders().map(({ order_id }) => order_id).filter((order_id) => order_id !== "b");
    assert.deepEqual(all.sort(), [..."acdef"]);
    assert.deepEqual([...copy.files().keys()].filter((name) => name.endsWith(".tmp")), []);
  });
  assert.ok(points > 60, `only ${points} points`);
});

Deno.test("a change of offsets holds or is undone, whichever call to the disk was its last", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  for (const batch of BATCHES.slice(0, 3)) await process(store, batch);
  await restartAt(store, partitionOf(0), 3);
  const before = { position: 3 };
  const change = {
    group: "group",
    topic: "orders",
    to: "earliest",
    withStore: true,
    partitions: [
      { partition: 0, before, after: { position: 0 } },
      { partition: 1, before: {}, after: { position: 1 } },
    ],
  };
  const done: boolean[] = [];
  let moved = 0;
  const points = await crashPoints(storage, () => ({ isDone: done.length > 0, moved }), async () => {
    await store.offsets.change(change, () => Promise.resolve(void moved++));
    done.push(true);
  }, async (copy, { isDone, moved }) => {
    const again = await copy.open();
    const noted = (await again.offsets.changes()).length > 1;
    assert.ok(noted || moved === 0, "the group is not moved before the note is there");
    const settled = await again.offsets.settle(change, () => Promise.resolve("undone"));
    const positions = await again.offsets.positionsOf(change);
    const changes = (await again.offsets.changes()).length;
    if (isDone) assert.equal(settled.length, 0);
    const isAfter = changes === 2;
    assert.deepEqual(positions, new Map(isAfter ? [[0, 0], [1, 1]] : [[0, 3]]));
    assert.ok(isAfter || !isDone);
    await copy.close(again);
  });
  await storage.close(store);
  assert.ok(points > 8, `only ${points} points`);
});

/** A folder whose last two orders are torn off the log, with a position that says they were read. */
async function torn(): Promise<TestStorage> {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  for (const batch of BATCHES.slice(0, 2)) await process(store, batch);
  const copy = storage.copy();
  copy.save("orders.jsonl", copy.bytes("orders.jsonl").slice(0, -250));
  return copy;
}

async function requireRestart(copy: TestStorage): Promise<void> {
  const again = await copy.open();
  assert.equal(await again.resumeAt(partitionOf(0)), 2);
  await copy.close(again);
}

Deno.test({
  name: "FileStore.open() restarts at the torn batch, whichever call of an earlier recovery was its last",
  async fn() {
    await using storage = await torn();
    await crashPoints(storage, () => undefined, async () => await storage.close(await storage.open()), requireRestart);
  },
});

Deno.test("FileStore.open() restarts at the torn batch, also the second time", async () => {
  await using storage = await torn();
  await requireRestart(storage);
  await requireRestart(storage);
});
