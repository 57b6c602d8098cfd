import assert from "node:assert/strict";
import { Outage } from "../../../../lib/errors.ts";
import { auditBalance, takeSnapshot } from "../../../../lib/files/read/audit.ts";
import { lookAtStorage } from "../../../../lib/files/store/look_at_storage.ts";
import { watchDisk } from "../../../support/disk.ts";
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

Deno.test("FileStore dates such rows also where inventory.csv was broken and mended meanwhile", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  const before = storage.text("inventory.csv");
  await storage.setStock("pen", 44);
  storage.save("inventory.csv", "item,quan");
  await assert.rejects(process(store, batchOf([])), Outage);
  storage.save("inventory.csv", before);
  await process(store, batchOf([]));
  storage.save("inventory.csv", storage.text("inventory.csv").replace("pen,44", "pen,33"));
  await storage.close(store);
  assert.equal(requireBalance(storage).pen, 33);
});

Deno.test("FileStore.open() journals what a file without as_of says, also when it is put back a second time", async () => {
  await using storage = await TestStorage.create();
  const mine = "item,quantity\nbook,10\npen,50\n";
  storage.save("inventory.csv", mine);
  const store = await storage.open(); // nothing differs
  await process(store, batchOf([id("a")]));
  await storage.close(store);
  storage.save("inventory.csv", mine);
  await storage.close(await storage.open());
  assert.deepEqual(requireBalance(storage), { book: 10, pen: 50 });
  assert.equal(storage.edits().at(-1)?.was, 9);
});

Deno.test("the first item of an empty stock is there, even if the tool that added it was killed before it wrote it", async () => {
  await using storage = await TestStorage.create({ items: {} });
  const empty = storage.text("inventory.csv");
  await storage.setStock("laptop", 5);
  storage.save("inventory.csv", empty); // as after a kill once the edit was journalled
  assert.equal((await lookAtStorage(storage.folder)).stock.get("laptop")?.quantity, 5);
  const { items, faults } = await auditBalance(await takeSnapshot(storage.folder, storage.warn), () => {});
  assert.deepEqual(faults, []);
  assert.deepEqual(items.map(({ expected, stock }) => [expected, stock]), [[5, 5]]);
  await storage.close(await storage.open());
  assert.deepEqual(requireBalance(storage), { laptop: 5 });
  assert.deepEqual(storage.warnings, []);
});

Deno.test("FileStore counts what a person saves while its own writing of inventory.csv is synced", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  await process(store, batchOf([id("a")]));
  let renamed = false;
  await watchDisk(({ kind }) => {
    if (renamed) storage.save("inventory.csv", storage.text("inventory.csv").replace("pen,50", "pen,44"));
    renamed = kind === "rename";
  }, () => store.checkpoint());
  await process(store, batchOf([id("b")], { from: 1 }));
  await storage.close(store);
  assert.deepEqual(requireBalance(storage), { book: 8, pen: 44 });
});

Deno.test("FileStore waits for the rest of a save, also where the beginning could be that of an older copy", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  for (let from = 0; from < 8; from++) await process(store, batchOf([id(`${from}`, { item: "pen" })], { from }));
  await store.checkpoint(); // as of 10
  const text = storage.text("inventory.csv").replace("pen,42", "pen,33");
  const half = text.indexOf("0\npen"); // "book,10,1": nothing was sold of it since, and pen was added later
  using file = Deno.openSync(storage.layout.inventory, { write: true, truncate: true });
  file.writeSync(new TextEncoder().encode(text.slice(0, half)));
  const processed = process(store, batchOf([], { from: 8 }));
  await new Promise((resolve) => setTimeout(resolve, 50));
  file.writeSync(new TextEncoder().encode(text.slice(half)));
  await processed;
  await storage.close(store);
  assert.equal(requireBalance(storage).pen, 33);
  assert.deepEqual(storage.warnings.filter((warning) => warning.includes("the edit counts")), []);
});

Deno.test("FileStore says that a row stays that a person removed from an older copy", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  const old = storage.text("inventory.csv");
  await storage.setStock("pen", 44);
  storage.save("inventory.csv", old.replace(/^pen.*\n/m, ""));
  await process(store, batchOf([id("a")]));
  await storage.close(store);
  assert.equal(requireBalance(storage).pen, 44);
  assert.match(storage.warnings.join(), /is from before edit number 3 of pen: the edit counts$/);
});

Deno.test("FileStore.open() says that a save does not count, also where it did not the time before", async () => {
  await using storage = await TestStorage.create();
  const old = storage.text("inventory.csv").replace("pen,50", "pen,44");
  await storage.setStock("pen", 33);
  for (let time = 1; time <= 2; time++) {
    storage.save("inventory.csv", old);
    await storage.close(await storage.open());
    assert.equal(requireBalance(storage).pen, 33);
    assert.equal(storage.warnings.length, time);
  }
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
