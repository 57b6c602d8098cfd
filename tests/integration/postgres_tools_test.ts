import assert from "node:assert/strict";
import { openAdmin } from "../../lib/postgres/admin/open_admin.ts";
import { VerdictOffsets } from "../../lib/kafka/inspect/offset_audit.ts";
import { postgresTest } from "../support/postgres.ts";
import { TestDatabase } from "../support/postgres_database.ts";
import { watchStatements } from "../support/statements.ts";
import { batchOf, order, outcomes, process } from "../support/storage.ts";
import { run } from "../support/task_lines.ts";

const DECOMPOSED = "cafe\u0301";

postgresTest("stock that was changed past the tools is named by verify, and settled by the next edit", async () => {
  await using database = await TestDatabase.create();
  const store = await database.open();
  await process(store, batchOf([order({ order_id: "a", item: DECOMPOSED }), order({ order_id: "b" })]));
  await database.sql("UPDATE inventory SET quantity = 3 WHERE item = 'book'");
  await database.sql("DELETE FROM inventory WHERE item = 'pen'");
  await database.sql("INSERT INTO inventory VALUES ('car', 2)");
  const wrong = await audited(database);
  assert.deepEqual(wrong, ["book: 3, expected 9", "car: 2, expected null", "pen: null, expected 50"]);
  const { code, stderr } = await run({ DATABASE_URL: database.url }, "verify --offline");
  assert.equal(code, 1);
  assert.match(stderr, /^off: book: stock is 3, the journals say 9$/m);
  assert.match(stderr, /taken into the books by deno task inventory update$/m);
  const admin = await openAdmin(database.connection, assert.fail);
  await process(store, batchOf([order({ order_id: "c", item: "car" })], { from: 2 }));
  const edits = [["update", "book"], ["update", "car"], ["add", "pen"]] as const;
  for (const [index, [action, name]] of edits.entries()) {
    assert.equal((await admin.editItem({ action, name, quantity: 8 })).done, true);
    // While a consumer runs, and again: what is settled stays settled.
    await process(store, batchOf([order({ order_id: `after ${name}` })], { from: 3 + index }));
    assert.equal((await admin.editItem({ action: "update", name, quantity: 9 })).done, true);
  }
  await admin.close();
  assert.deepEqual(await audited(database), []);
});

/** The items whose stock differs from the journals; each offset that was read has a verdict. */
async function audited(database: TestDatabase): Promise<string[]> {
  const admin = await openAdmin(database.connection, assert.fail);
  try {
    const verdicts = new VerdictOffsets();
    const { items, faults, positions } = await admin.audit(verdicts);
    assert.deepEqual(faults, []);
    for (const { topic, partition, ranges } of positions) {
      const lastVerdict = verdicts.lastVerdicts({ topic, partition });
      for (const { from, to } of ranges) {
        for (let offset = from; offset < to; offset++) {
          assert.ok(lastVerdict(offset), `${partition}/${offset} has a verdict`);
        }
      }
    }
    return items.filter(({ stock, expected }) => stock !== expected)
      .map(({ item, stock, expected }) => `${item}: ${stock}, expected ${expected}`).sort();
  } finally {
    await admin.close();
  }
}

postgresTest("a difference is settled right where orders spell the item in another way", async () => {
  await using database = await TestDatabase.create({ items: { [DECOMPOSED]: 10 } });
  const orders = [order({ order_id: "a", item: DECOMPOSED, quantity: 2 })];
  assert.deepEqual(outcomes(await process(await database.open(), batchOf(orders))), ["accepted"]);
  await database.sql("UPDATE inventory SET quantity = 3");
  const admin = await openAdmin(database.connection, assert.fail);
  await admin.editItem({ action: "update", name: DECOMPOSED, quantity: 5 });
  await admin.close();
  assert.deepEqual(await audited(database), []);
});

postgresTest("two edits at once settle a difference once", async () => {
  await using database = await TestDatabase.create();
  await database.sql("UPDATE inventory SET quantity = 3 WHERE item = 'book'");
  const admins = await Promise.all([1, 2, 3, 4].map(() => openAdmin(database.connection, assert.fail)));
  await Promise.all(admins.map((admin, index) => admin.editItem({ action: "update", name: "book", quantity: index })));
  for (const admin of admins) await admin.close();
  assert.deepEqual(await audited(database), []);
});

postgresTest("the edits of an item are summed up when they are many, and the balance stays right", async () => {
  await using database = await TestDatabase.create();
  const admin = await openAdmin(database.connection, assert.fail);
  for (let quantity = 0; quantity < 2_500; quantity++) {
    await admin.editItem({ action: "update", name: "book", quantity });
  }
  await admin.close();
  const [{ count }] = await database.sql<{ count: number }>("SELECT count(*) FROM stock_edits WHERE item = 'book'");
  assert.ok(count <= 1_001, `${count} rows are kept`);
  await database.requireBalance();
  assert.deepEqual(await audited(database), []);
});

postgresTest("what a tool reports as done counts, whatever consumers do meanwhile", async () => {
  await using database = await TestDatabase.create({ items: { book: 1_000_000 } });
  const stores = [await database.open(), await database.open()];
  let over = false;
  const load = stores.map(async (store, partition) => {
    for (let from = 0; !over; from += 20) {
      const orders = Array.from({ length: 20 }, (_, index) => order({ order_id: `${partition}-${from + index}` }));
      await process(store, batchOf(orders, { partition, from }));
    }
  });
  const admins = await Promise.all([1, 2, 3].map(() => openAdmin(database.connection, assert.fail)));
  const adding = admins.map(async (admin, tool) => {
    for (let index = 0; index < 100; index++) {
      const item = { action: "add", name: `item ${tool}-${index}`, quantity: index } as const;
      assert.equal((await admin.editItem(item)).done, true);
      assert.equal((await admin.editUser({ action: "add", name: item.name, status: "paid" })).done, true);
      if (index % 10 === 0) await admin.editItem({ action: "update", name: "book", quantity: 1_000_000 - index });
      if (index % 25 === 0) assert.deepEqual(await audited(database), [], "verify is right also under load");
    }
  });
  await Promise.all(adding);
  over = true;
  await Promise.all(load);
  for (const admin of admins) await admin.close();
  const [{ items, users }] = await database.sql<{ items: number; users: number }>(
    "SELECT (SELECT count(*) FROM inventory) AS items, (SELECT count(*) FROM users) AS users",
  );
  assert.deepEqual([items, users], [301, 302]);
  await database.requireBalance();
  assert.deepEqual(await audited(database), []);
});

postgresTest(
  "a consumer that runs while the store is started over loses no order and goes on in the new one",
  async () => {
    await using database = await TestDatabase.empty();
    const admin = await openAdmin(database.connection, assert.fail);
    const samples = [[{ name: "alice", status: "paid" }], [{ name: "book", quantity: 1_000 }]] as const;
    assert.equal(await admin.startOver(...samples), undefined, "there was nothing to set aside");
    const store = await database.open();
    await process(store, batchOf([order({ order_id: "old" })]));
    const backup = await admin.startOver(...samples);
    assert.match(backup!, /^backup_\d{8}t\d{6}z$/);
    assert.deepEqual(await database.accepted(), []);
    assert.deepEqual(await database.sql(`SELECT order_id FROM ${backup}.orders`), [{ order_id: "old" }]);
    // The old store's position went with it: the batch that follows begins a new offset range.
    assert.deepEqual(outcomes(await process(store, batchOf([order({ order_id: "old" })], { from: 1 }))), ["accepted"]);
    assert.deepEqual(await audited(database), []);
    await admin.close();
  },
);

postgresTest("a consumer never meets an empty store while it is started over", async () => {
  await using database = await TestDatabase.create({ users: { alice: "paid" }, items: { book: 1_000_000 } });
  const admin = await openAdmin(database.connection, assert.fail);
  const store = await database.open();
  const seen = new Set<string>();
  let isOver = false;
  const consuming = (async () => {
    for (let from = 0; !isOver; from++) {
      for (const outcome of outcomes(await process(store, batchOf([order({ order_id: `o-${from}` })], { from })))) {
        seen.add(outcome);
      }
    }
  })();
  for (let round = 0; round < 5; round++) {
    await admin.startOver([{ name: "alice", status: "paid" }], [{ name: "book", quantity: 1_000_000 }]);
  }
  isOver = true;
  await consuming;
  await admin.close();
  assert.deepEqual([...seen], ["accepted"]);
});

postgresTest("a tool's statement may take longer than a consumer's: it reads whole tables", async () => {
  await using database = await TestDatabase.create();
  const limits: number[] = [];
  await watchStatements(({ text }, send) => {
    limits.push(...[...text.matchAll(/SET statement_timeout = (\d+)/g)].map(([, limit]) => Number(limit)));
    return send();
  }, async () => {
    await database.open();
    await (await openAdmin(database.connection, assert.fail)).close();
  });
  assert.deepEqual(limits, [30_000, 600_000]);
});
