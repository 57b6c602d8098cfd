import assert from "node:assert/strict";
import { batchOf, order, outcomes, process, requireBalance, TestStorage } from "../../../support/storage.ts";

const id = (order_id: string, given = {}) => order({ order_id, ...given });

Deno.test({
  name: "FileStore never writes a stock below 0 when a person sets less than was sold since as_of",
  async fn() {
    await using storage = await TestStorage.create();
    const store = await storage.open();
    await process(store, batchOf([id("a", { quantity: 4 })]));
    storage.save("inventory.csv", storage.text("inventory.csv").replace("book,10", "book,1"));
    await process(store, batchOf([id("b")], { from: 1 }));
    await storage.close(store);
    assert.ok(storage.stock().book >= 0);
    await storage.close(await storage.open());
    requireBalance(storage);
  },
});

Deno.test({
  name: "FileStore keeps an item that a tool added when a person saves an older file with a new row",
  async fn() {
    await using storage = await TestStorage.create();
    const store = await storage.open();
    const old = storage.text("inventory.csv");
    await storage.setStock("laptop", 5);
    storage.save("inventory.csv", old + "eraser,7\n");
    await process(store, batchOf([id("a")]));
    await storage.close(store);
    assert.deepEqual(requireBalance(storage), { book: 9, pen: 50, eraser: 7, laptop: 5 });
  },
});

Deno.test({
  name: "FileStore shows no row of an item that was removed when an older file comes back",
  async fn() {
    await using storage = await TestStorage.create();
    const store = await storage.open();
    const old = storage.text("inventory.csv");
    await process(store, batchOf([id("a")]));
    await store.checkpoint();
    storage.save("inventory.csv", storage.text("inventory.csv").replace(/^pen.*\n/m, ""));
    await process(store, batchOf([id("b")], { from: 1 }));
    storage.save("inventory.csv", old);
    const verdicts = await process(store, batchOf([id("c", { item: "pen" })], { from: 2 }));
    await storage.close(store);
    assert.deepEqual(outcomes(verdicts), ["unknown-item"]);
    requireBalance(storage);
  },
});

Deno.test({
  name: "FileStore counts a person's second save from the same editor, or says that it does not",
  async fn() {
    await using storage = await TestStorage.create();
    const store = await storage.open();
    const old = storage.text("inventory.csv");
    storage.save("inventory.csv", old.replace("pen,50", "pen,44"));
    await process(store, batchOf([id("a")]));
    storage.save("inventory.csv", old.replace("pen,50", "pen,33"));
    await process(store, batchOf([id("b")], { from: 1 }));
    await storage.close(store);
    assert.ok(storage.stock().pen === 33 || storage.warnings.length === 2, storage.warnings.join());
  },
});

Deno.test("FileStore.open() dates rows that a kill left behind their edits, so that the next save by hand counts", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  const saved = storage.text("inventory.csv").replace("pen,50", "pen,44");
  storage.save("inventory.csv", saved);
  await process(store, batchOf([id("a")]));
  await storage.close(store);
  storage.save("inventory.csv", saved); // as after a kill once the edit was journalled
  const again = await storage.open();
  storage.save("inventory.csv", storage.text("inventory.csv").replace("pen,44", "pen,33"));
  await process(again, batchOf([id("b")], { from: 1 }));
  await storage.close(again);
  assert.equal(requireBalance(storage).pen, 33);
});

Deno.test("FileStore dates rows behind the edit of a tool that was killed, so that the next save by hand counts", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  const before = storage.text("inventory.csv");
  await storage.setStock("pen", 44);
  storage.save("inventory.csv", before); // as after a kill once the edit was journalled
  await process(store, batchOf([id("a")]));
  storage.save("inventory.csv", storage.text("inventory.csv").replace("pen,44", "pen,33"));
  await process(store, batchOf([id("b")], { from: 1 }));
  await storage.close(store);
  assert.equal(requireBalance(storage).pen, 33);
});

Deno.test("FileStore tells of many edits by hand in one sentence", async () => {
  await using storage = await TestStorage.create();
  const rows = Array.from({ length: 300 }, (_, index) => `item-${index},${index}\n`);
  storage.save("inventory.csv", storage.text("inventory.csv").replace("pen,50", "pen,44") + rows.join(""));
  await storage.close(await storage.open());
  assert.equal(storage.warnings.length, 1);
  assert.match(
    storage.warnings[0],
    /edited by hand: 300 items are new, 1 is set to another quantity \(see stock_edits/,
  );
  assert.equal(Object.keys(requireBalance(storage)).length, 302);
});

Deno.test("FileStore warns of a name or status with a blank at an edge once, as long as it stays", async () => {
  await using storage = await TestStorage.create();
  storage.save("users.csv", storage.text("users.csv").replace("alice,paid", "alice,paid\u00a0") + "eve ,paid\n");
  storage.save("inventory.csv", storage.text("inventory.csv") + " cup,3,2\n");
  const store = await storage.open();
  const verdicts = await process(store, batchOf([id("a"), id("b", { user: "eve" }), id("c", { item: "cup" })]));
  await storage.setStock("pen", 7);
  await storage.setUser("bob", "paid");
  storage.warnings.length = 0;
  const more = await process(store, batchOf([id("d")], { from: 3 }));
  assert.equal(storage.warnings.length, 0, "not once more for an edit of something else");
  await storage.close(store);
  assert.deepEqual(outcomes([...verdicts, ...more]), ["unpaid-user", "unknown-user", "unpaid-user", "unpaid-user"]);
  await storage.close(await storage.open());
  assert.deepEqual(storage.warnings.map((warning) => warning.replace(/^.*\//, "")), [
    'inventory.csv: the name of item " cup" begins with a blank, so orders without it do not match',
    'users.csv: the status "paid\\u{a0}" of alice is not known and counts as unpaid: it ends with a blank',
    'users.csv: the name of user "eve " ends with a blank, so orders without it do not match',
  ]);
});

Deno.test("FileStore takes rows of commas alone for blank ones, and keeps them", async () => {
  await using storage = await TestStorage.create();
  storage.save("users.csv", ",\n" + storage.text("users.csv").replace("bob", ",,\nbob") + ",\n,");
  storage.save("inventory.csv", storage.text("inventory.csv").replace("pen", ",,,\npen") + ",,\n,,\n");
  const store = await storage.open();
  assert.deepEqual(outcomes(await process(store, batchOf([id("a")]))), ["accepted"]);
  await storage.close(store);
  await storage.setUser("dave", "paid");
  assert.equal(storage.warnings.length, 0);
  assert.equal(storage.text("users.csv"), ",\nuser,status\nalice,paid\n,,\nbob,unpaid\ndave,paid\n,\n,");
  assert.equal(storage.text("inventory.csv"), "item,quantity,as_of\nbook,9,3\n,,,\npen,50,3\n,,\n,,\n");
});
