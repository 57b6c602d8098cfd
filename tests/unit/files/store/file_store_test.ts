import assert from "node:assert/strict";
import {
  batchOf,
  order,
  outcomes,
  process,
  requireBalance,
  requireUntouched,
  TestStorage,
} from "../../../support/storage.ts";
import { Outage } from "../../../../lib/errors.ts";

const id = (order_id: string, given = {}) => order({ order_id, ...given });
const USERS = "user,status\nalice,paid\nbob,unpaid\n";
const hand = (storage: TestStorage) =>
  storage.edits().filter(({ by }) => by === "hand").map(({ item, was, set }) => [item, was, set]);

Deno.test("FileStore.process() counts a person's save between two batches and journals it", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  await process(store, batchOf([id("a", { quantity: 4 })]));
  storage.save("inventory.csv", storage.text("inventory.csv").replace("book,10", "book,6"));
  // The file was from before order a, so 6 is meant as of then.
  const verdicts = await process(store, batchOf([id("b", { quantity: 3 }), id("c", { quantity: 2 })], { from: 1 }));
  assert.deepEqual(outcomes(verdicts), ["insufficient-stock", "accepted"]);
  await storage.close(store);
  assert.deepEqual(hand(storage), [["book", 6, 2]]);
  assert.deepEqual(requireBalance(storage), { book: 0, pen: 50 });
  assert.match(storage.warnings.join(), /inventory\.csv was edited by hand: book is set from 6 to 2/);
});

Deno.test("FileStore.open() counts what a person changed while it was stopped", async () => {
  await using storage = await TestStorage.create();
  await storage.close(await storage.open());
  storage.save("inventory.csv", storage.text("inventory.csv").replace("pen,50", "pen,7"));
  const store = await storage.open();
  assert.deepEqual(hand(storage), [["pen", 50, 7]]);
  await process(store, batchOf([id("a", { item: "pen" })]));
  await storage.close(store);
  assert.deepEqual(requireBalance(storage), { book: 10, pen: 6 });
});

Deno.test("FileStore lets a stale save lose against a tool's later edit and win where no one was", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  const old = storage.text("inventory.csv");
  await process(store, batchOf([id("a"), id("b", { item: "pen", quantity: 5 })]));
  await storage.setStock("book", 33);
  await storage.setStock("laptop", 3);
  await process(store, batchOf([id("c")], { from: 2 }));
  storage.save("inventory.csv", old.replace("book,10", "book,99").replace("pen,50", "pen,20"));
  await process(store, batchOf([id("d")], { from: 3 }));
  await storage.close(store);
  assert.deepEqual(requireBalance(storage), { book: 31, pen: 15, laptop: 3 });
  assert.deepEqual(hand(storage), [["pen", 45, 15]]);
});

Deno.test("FileStore converges after inventory.csv is restored from a backup, running and stopped", async () => {
  for (const stopped of [false, true]) {
    await using storage = await TestStorage.create();
    let store = await storage.open();
    const backup = storage.bytes("inventory.csv");
    await process(store, batchOf([id("a"), id("b", { item: "pen" })]));
    await store.checkpoint();
    await storage.setStock("pen", 8);
    if (stopped) await storage.close(store);
    storage.save("inventory.csv", backup);
    if (stopped) store = await storage.open();
    await process(store, batchOf([id("c")], { from: 2 }));
    await storage.close(store);
    assert.deepEqual(requireBalance(storage), { book: 8, pen: 8 });
    assert.deepEqual(hand(storage), []);
  }
});

Deno.test("FileStore.open() pins a hand-made file of two columns before anything is logged", async () => {
  await using storage = TestStorage.of({ "users.csv": USERS, "inventory.csv": "item,quantity\nbook,3\n" });
  const store = await storage.open();
  assert.equal(storage.text("inventory.csv"), "item,quantity,as_of\nbook,3,1\n");
  assert.deepEqual(hand(storage), [["book", null, 3]]);
  await process(store, batchOf([id("a")]));
  await using copy = storage.copy();
  await copy.close(await copy.open());
  assert.deepEqual(requireBalance(copy), { book: 2 });
});

Deno.test("FileStore.process() takes a blank as_of for now and pins it before it logs", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  await process(store, batchOf([id("a", { quantity: 4 })]));
  storage.save("inventory.csv", "item,quantity,as_of\nbook,10,\npen,50,2\n");
  await process(store, batchOf([id("b")], { from: 1 }));
  assert.match(storage.text("inventory.csv"), /^book,10,4$/m);
  await using copy = storage.copy();
  await copy.close(await copy.open());
  assert.deepEqual(requireBalance(copy), { book: 9, pen: 50 });
});

Deno.test("FileStore.process() counts rows that a person added and removed", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  await process(store, batchOf([id("a")]));
  await store.checkpoint();
  storage.save("inventory.csv", storage.text("inventory.csv").replace(/^pen.*\n/m, "") + "car,2\n");
  const orders = [id("b", { item: "pen" }), id("c", { item: "car" })];
  assert.deepEqual(outcomes(await process(store, batchOf(orders, { from: 1 }))), ["unknown-item", "accepted"]);
  await storage.close(store);
  assert.deepEqual(requireBalance(storage), { book: 9, car: 1 });
  assert.deepEqual(hand(storage), [["car", null, 2], ["pen", 50, null]]);
});

Deno.test("FileStore writes its checkpoints in the style of the file", async () => {
  const csv = '\ufeffnote,"item",quantity\r\n"a, ""b""","book",10\r\n\r\n,pen,"50"\r\n\r\n';
  await using storage = TestStorage.of({ "users.csv": USERS, "inventory.csv": csv });
  const store = await storage.open();
  await process(store, batchOf([id("a"), id("b", { item: "pen" })]));
  await storage.close(store);
  const expected = '\ufeffnote,"item",quantity,as_of\r\n"a, ""b""","book",9,4\r\n\r\n,pen,"49",4\r\n\r\n';
  assert.equal(storage.text("inventory.csv"), expected);
});

Deno.test("FileStore.process() waits with everything untouched while a CSV does not parse, and goes on once mended", async () => {
  for (
    const [name, broken, says] of [
      ["inventory.csv", "item,quantity,as_of\nbook,10,2\npen,-1,2\n", /inventory\.csv: line 3 has the quantity "-1"/],
      ["inventory.csv", "item,quantity,as_of\nbook,1.5,2\n", /inventory\.csv: line 2 has the quantity "1.5"/],
      ["inventory.csv", "item,quantity,as_of\nbook,,2\n", /inventory\.csv: line 2 has the quantity ""/],
      ["inventory.csv", "item,quantity,as_of\nbook,1,2\nbook,2,2\n", /inventory\.csv: line 3 repeats "book"/],
      ["inventory.csv", "item,quantity,as_of\nbook,10,77\npen,50,2\n", /inventory\.csv: line 2 is as of 77/],
      ["users.csv", 'user,status\nalice,paid\n"bob,paid\n', /users\.csv: line 3 /],
      ["users.csv", "name,status\nalice,paid\n", /users\.csv: line 1 lacks the column "user"/],
    ] as const
  ) {
    await using storage = await TestStorage.create();
    const store = await storage.open();
    const good = storage.text(name);
    storage.save(name, broken);
    for (let time = 0; time < 2; time++) {
      const outage = await requireUntouched(storage, 65, () => process(store, batchOf([id("a")])));
      assert.ok(outage instanceof Outage);
      assert.match(outage.message, says);
    }
    storage.save(name, good);
    assert.deepEqual(outcomes(await process(store, batchOf([id("a")]))), ["accepted"]);
    await storage.close(store);
    requireBalance(storage);
  }
});

Deno.test("FileStore.process() waits while a CSV is missing and never makes an empty one", async () => {
  for (const name of ["inventory.csv", "users.csv"]) {
    await using storage = await TestStorage.create();
    const store = await storage.open();
    const good = storage.text(name);
    Deno.removeSync(`${storage.folder}/${name}`);
    const outage = await requireUntouched(storage, 78, () => process(store, batchOf([id("a")])));
    assert.ok(outage instanceof Outage);
    assert.match(outage.message, new RegExp(`${name} is missing: run deno task bootstrap`));
    storage.save(name, good);
    assert.deepEqual(outcomes(await process(store, batchOf([id("a")]))), ["accepted"]);
  }
});

/** Resolves once somebody in this process has read `path`. */
function firstReadOf(path: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { readFileSync } = Deno;
  Object.assign(Deno, {
    readFileSync(read: string | URL) {
      const bytes = readFileSync(read);
      if (read !== path) return bytes;
      Object.assign(Deno, { readFileSync });
      resolve();
      return bytes;
    },
  });
  return promise;
}

Deno.test("FileStore.process() counts a half-saved file only when it is whole", async () => {
  for (
    const [name, half, whole] of [
      ["inventory.csv", "item,quantity,as_of\nbook,1", "item,quantity,as_of\nbook,15,2\npen,50,2\n"],
      ["users.csv", "user,sta", "user,status\nalice,paid\nbob,paid\n"],
    ]
  ) {
    await using storage = await TestStorage.create();
    const store = await storage.open();
    const path = `${storage.folder}/${name}`;
    Deno.writeTextFileSync(path, half);
    const seen = firstReadOf(path);
    const judged = process(store, batchOf([id("a", { quantity: 9, user: name === "users.csv" ? "bob" : "alice" })]));
    await Promise.race([seen, judged]);
    Deno.writeTextFileSync(path, whole);
    assert.deepEqual(outcomes(await judged), ["accepted"]);
    await storage.close(store);
    requireBalance(storage);
  }
});

Deno.test("FileStore takes a user of unknown status for unpaid and says so", async () => {
  await using storage = await TestStorage.create({ users: { alice: "Paid" } });
  const store = await storage.open();
  assert.deepEqual(outcomes(await process(store, batchOf([id("a")]))), ["unpaid-user"]);
  assert.match(storage.warnings.join(), /users\.csv: the status "Paid" of alice is not known and counts as unpaid/);
});

Deno.test("FileStore.checkpoint() puts a new file in the place of inventory.csv and never writes into it", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  const old = storage.text("inventory.csv");
  Deno.linkSync(storage.layout.inventory, `${storage.folder}/old.csv`);
  await process(store, batchOf([id("a")]));
  await store.checkpoint();
  assert.deepEqual([storage.text("old.csv"), storage.stock().book], [old, 9]);
});

Deno.test("FileStore replaces the target of a symlink and not the link", async () => {
  await using storage = await TestStorage.create();
  await using elsewhere = TestStorage.of({ "real.csv": storage.text("inventory.csv") });
  Deno.removeSync(storage.layout.inventory);
  Deno.symlinkSync(`${elsewhere.folder}/real.csv`, storage.layout.inventory);
  const store = await storage.open();
  await process(store, batchOf([id("a")]));
  await storage.close(store);
  assert.ok(Deno.lstatSync(storage.layout.inventory).isSymlink);
  assert.match(elsewhere.text("real.csv"), /^book,9,3$/m);
});
