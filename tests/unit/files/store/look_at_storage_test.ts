import assert from "node:assert/strict";
import { AppendFile } from "../../../../lib/files/disk/append_file.ts";
import { auditBalance, takeSnapshot } from "../../../../lib/files/read/audit.ts";
import { lookAtStorage } from "../../../../lib/files/store/look_at_storage.ts";
import { viewStorage } from "../../../../lib/files/store/view_storage.ts";
import { batchOf, order, process, requireUntouched, TestStorage } from "../../../support/storage.ts";

/** Storages as different ends of a consumer leave them; no checkpoint was written since the last orders. */
async function leftOver(t: Deno.TestContext, check: (storage: TestStorage) => Promise<void>): Promise<void> {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  await process(store, batchOf([order({ order_id: "a", quantity: 2 }), order({ order_id: "b", item: "pen" })]));
  await storage.setStock("pen", 30);
  await process(store, batchOf([order({ order_id: "c", item: "pen", quantity: 5 })], { from: 2 }));
  const leavings: Record<string, (copy: TestStorage) => void | Promise<void>> = {
    "killed": () => {},
    "killed in the middle of a batch": (copy) => {
      copy.save("orders.jsonl", copy.text("orders.jsonl") + '{"order_id":"torn","us');
    },
    "killed with the last batch torn off that was read": (copy) => {
      copy.save("orders.jsonl", copy.text("orders.jsonl").split("\n").slice(0, -2).join("\n") + '\n{"order');
    },
    "edited by hand": (copy) => copy.save("inventory.csv", 'item,quantity\nbook,3\n"a, b",4\n'),
    "saved from an older copy": (copy) => copy.save("inventory.csv", "item,quantity,as_of\nbook,10,2\npen,50,2\n"),
    "without any order": (copy) => {
      for (const name of ["orders.jsonl", "positions.jsonl"]) copy.save(name, "");
      copy.save("stock_edits.jsonl", copy.text("stock_edits.jsonl").split("\n").slice(0, 2).join("\n") + "\n");
      copy.save("inventory.csv", "item,quantity,as_of\nbook,10,2\npen,50,2\n");
    },
  };
  for (const [name, leave] of Object.entries(leavings)) {
    await t.step(name, async () => {
      await using copy = storage.copy();
      await leave(copy);
      await check(copy);
    });
  }
}

Deno.test("lookAtStorage() says what a tool's edit of nothing would come to, and writes nothing", (t) =>
  leftOver(t, async (storage) => {
    const before = storage.files();
    const seen = await lookAtStorage(storage.folder);
    assert.deepEqual(storage.files(), before);
    const { stock, readRanges, lengths } = await viewStorage(storage.folder, storage.warn);
    const quantities = (map: typeof stock) => [...map.values()].map(({ item, quantity }) => [item, quantity]).sort();
    assert.deepEqual(quantities(seen.stock), quantities(stock));
    assert.deepEqual(seen.readRanges, readRanges);
    assert.equal(seen.lengths.orders, lengths.orders);
  }));

Deno.test("lookAtStorage() tells what a hand put into the stock from what the journals have", async () => {
  await using storage = await TestStorage.create();
  storage.save("inventory.csv", "item,quantity\nbook,3\npen,50\n");
  const { stock, journalled, lengths, readRanges } = await lookAtStorage(storage.folder);
  assert.deepEqual([stock.get("book")?.quantity, journalled.get("book")?.quantity], [3, 10]);
  const edits = AppendFile.openToRead(storage.layout.edits);
  const balance = await auditBalance(
    { folder: storage.folder, lengths, edits, readRanges, stock: journalled },
    () => {},
  );
  assert.deepEqual(balance.items.filter(({ expected, stock }) => expected !== stock), []);
  assert.deepEqual((await takeSnapshot(storage.folder, storage.warn)).stock.get("book")?.quantity, 3);
});

Deno.test("lookAtStorage() refuses damage like a tool, and touches nothing", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  for (const from of [0, 1, 2]) await process(store, batchOf([order({ order_id: `o-${from}` })], { from }));
  await storage.close(store);
  const log = storage.text("orders.jsonl");
  for (const damaged of [log.replace("o-1", "o-X"), log.split("\n").slice(1).join("\n"), ""]) {
    await using copy = storage.copy();
    copy.save("inventory.csv", "item,quantity,as_of\nbook,10,2\npen,50,2\n");
    copy.save("orders.jsonl", damaged);
    if (damaged === "") copy.save("inventory.csv", storage.text("inventory.csv"));
    const said = await requireUntouched(copy, 65, () => lookAtStorage(copy.folder));
    assert.equal(said.message, (await requireUntouched(copy, 65, () => viewStorage(copy.folder, copy.warn))).message);
  }
});
