import assert from "node:assert/strict";
import { batchOf, order, outcomes, process, requireBalance, TestStorage } from "../../support/storage.ts";

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
