import assert from "node:assert/strict";
import { editStorage } from "../../../../lib/files/store/edit_storage.ts";
import { setStorageAside } from "../../../../lib/files/store/set_aside.ts";
import {
  batchOf,
  order,
  outcomes,
  partitionOf,
  process,
  requireBalance,
  requireUntouched,
  TestStorage,
} from "../../../support/storage.ts";
import { sealLine } from "../../../support/seal_line.ts";

const id = (order_id: string, given = {}) => order({ order_id, ...given });

Deno.test("editStorage() shows and edits stock with the orders that no checkpoint has yet", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  await process(store, batchOf([id("a", { quantity: 4 }), id("b", { item: "pen" })]));
  await editStorage(storage.folder, async ({ ledger }) => {
    assert.equal(ledger.item("book")?.quantity, 6);
    await ledger.edit([{ item: "book", set: 60, by: "tool" }]);
  }, storage);
  assert.equal(storage.text("inventory.csv"), "item,quantity,as_of\nbook,60,5\npen,49,5\n");
  assert.deepEqual(outcomes(await process(store, batchOf([id("c", { quantity: 60 })], { from: 2 }))), ["accepted"]);
  await storage.close(store);
  assert.deepEqual(requireBalance(storage), { book: 0, pen: 49 });
});

Deno.test("editStorage() counts every one of many edits at once, next to a running store", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  const names = Array.from({ length: 20 }, (_, index) => `item-${index}`);
  const orders = names.map((name, index) => batchOf([id(name)], { from: index, partition: 0 }));
  const consumed = (async () => {
    for (const batch of orders) await process(store, batch);
  })();
  await Promise.all([...names.map((name, index) => storage.setStock(name, index)), consumed]);
  await storage.close(store);
  const stock = requireBalance(storage);
  assert.deepEqual(names.map((name) => stock[name]), [...names.keys()]);
});

Deno.test("editStorage() brings a dead consumer's folder into order first", async () => {
  await using storage = await TestStorage.create();
  await process(await storage.open(), batchOf([id("a"), id("b")]));
  await using copy = storage.copy();
  const log = copy.bytes("orders.jsonl");
  copy.save("orders.jsonl", log.subarray(0, log.length - 7));
  await copy.setStock("pen", 3);
  assert.equal([...copy.files().keys()].filter((name) => name.startsWith("orders.jsonl.torn-")).length, 1);
  assert.deepEqual(requireBalance(copy), { book: 9, pen: 3 });
  assert.equal(await (await copy.open()).resumeAt(partitionOf(0)), 0);
});

Deno.test("editStorage() changes nothing where the edit fails", async () => {
  await using storage = await TestStorage.create();
  const { inventory, users, orders } = storage.layout;
  const before = [inventory, users, orders].map((path) => Deno.readTextFileSync(path));
  await assert.rejects(
    editStorage(storage.folder, () => Promise.reject(new Error("no such item")), storage),
    /no such/,
  );
  assert.deepEqual([inventory, users, orders].map((path) => Deno.readTextFileSync(path)), before);
});

Deno.test("editStorage() makes no storage where there is none, but for bootstrap", async () => {
  await using storage = TestStorage.of({});
  await requireUntouched(storage, 78, () => storage.setStock("pen", 3));
  await requireUntouched(storage, 78, () => storage.open());
});

Deno.test("editStorage() makes a lost inventory.csv anew from log and journal, for bootstrap", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  await process(store, batchOf([id("a", { quantity: 4 })]));
  await storage.close(store);
  Deno.removeSync(storage.layout.inventory);
  await editStorage(storage.folder, () => {}, { ...storage, create: true });
  assert.deepEqual(requireBalance(storage), { book: 6, pen: 50 });
});

Deno.test("editStorage() cuts what a killed tool left of its line", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  const line = sealLine({ seq: 3, item: "pen", set: 9, was: 50, by: "tool" });
  Deno.writeTextFileSync(storage.layout.edits, line.slice(0, 40), { append: true });
  assert.deepEqual(outcomes(await process(store, batchOf([id("a")]))), ["accepted"]);
  await storage.setStock("pen", 7);
  await process(store, batchOf([id("b")], { from: 1 }));
  await storage.close(store);
  assert.deepEqual(requireBalance(storage), { book: 8, pen: 7 });
});

Deno.test("editStorage() refuses a journal that is damaged before its end", async () => {
  await using storage = await TestStorage.create();
  await storage.setStock("pen", 60);
  for (const name of ["stock_edits.jsonl", "positions.jsonl"]) {
    await using copy = storage.copy();
    const bytes = copy.bytes(name);
    bytes[12] ^= 1;
    copy.save(name, bytes);
    const failure = await requireUntouched(copy, 65, () => copy.setStock("pen", 3));
    assert.match(failure.message, new RegExp(`${name} is damaged at byte 0: the line does not match its checksum`));
    await requireUntouched(copy, 65, () => copy.setUser("eve", "paid"));
  }
});

Deno.test("setStorageAside() moves every file but the locks, and is refused while the folder is owned", async () => {
  await using storage = await TestStorage.create();
  storage.save("README.md", "stays");
  const store = await storage.open();
  await requireUntouched(storage, 75, () => setStorageAside(storage.folder));
  await storage.close(store);
  const names = [...storage.files().keys()].filter((name) => name !== "README.md" && !name.startsWith("."));
  const backup = await setStorageAside(storage.folder);
  assert.match(backup!, /backup-\d{4}-\d\d-\d\dT\d{6}Z$/);
  assert.deepEqual([...Deno.readDirSync(backup!)].map(({ name }) => name).sort(), names.sort());
  assert.deepEqual([...storage.files().keys()].filter((name) => !name.startsWith(".")), ["README.md"]);
  assert.equal(await setStorageAside(storage.folder), undefined);
});

Deno.test({
  name: "editStorage() runs an edit once although a person saves inventory.csv meanwhile",
  async fn() {
    await using storage = await TestStorage.create();
    let runs = 0;
    await editStorage(storage.folder, async ({ ledger }) => {
      await ledger.edit([{ item: "laptop", set: 3, by: "tool" }]);
      const text = storage.text("inventory.csv").replace("pen,50", "pen,4");
      if (runs++ === 0) Deno.writeTextFileSync(storage.layout.inventory, text);
    }, storage);
    assert.equal(runs, 1);
    assert.deepEqual(requireBalance(storage), { book: 10, pen: 4, laptop: 3 });
  },
});

Deno.test({
  name: "editStorage() keeps what a person saves into users.csv while a tool edits it",
  async fn() {
    await using storage = await TestStorage.create();
    await editStorage(storage.folder, ({ users }) => {
      if (users.row("eve") === undefined) Deno.writeTextFileSync(storage.layout.users, "eve,paid\n", { append: true });
      if (users.row("dave") === undefined) users.append({ user: "dave", status: "paid" });
    }, storage);
    assert.match(storage.text("users.csv"), /^eve,paid$/m);
    assert.match(storage.text("users.csv"), /^dave,paid$/m);
  },
});

Deno.test({
  name: "setStorageAside() finds a name of its own where there is a backup of this second",
  async fn() {
    await using storage = await TestStorage.create();
    for (let second = -1; second < 5; second++) {
      const time = new Date(Date.now() + second * 1_000).toISOString().replaceAll(":", "").replace(/\.\d+/, "");
      Deno.mkdirSync(`${storage.folder}/backup-${time}`);
    }
    assert.ok(await setStorageAside(storage.folder));
  },
});
