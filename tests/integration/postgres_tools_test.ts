import assert from "node:assert/strict";
import type { Order } from "../../lib/order.ts";
import type { OrderStore } from "../../lib/ports.ts";
import { placeOf } from "../../lib/postgres/client/database_error.ts";
import { openAdmin } from "../../lib/postgres/admin/open_admin.ts";
import { VerdictPlaces } from "../../lib/kafka/inspect/position_audit.ts";
import { postgresTest, TestDatabase } from "../support/postgres_database.ts";
import { batchOf, order, outcomes, process, TestStorage } from "../support/storage.ts";
import { type Output, run } from "../support/task_lines.ts";

const RUN = "11111111-2222-4333-8444-555555555555";
const CAFE = { composed: "caf\u00e9", decomposed: "cafe\u0301" };

/** The walk-through of the README and what people type beside it. */
const EDITS: (string | string[])[] = [
  "bootstrap",
  "bootstrap",
  "bootstrap --force",
  "user show",
  "user show --json",
  "user add --user dave --status paid",
  "user update --user bob --status paid",
  "user update --user bob --status unpaid",
  "user add --user bob --status paid",
  "user update --user bop --status paid",
  "user update --user nobody-like-this --status paid",
  "inventory add --item laptop --quantity 5",
  "inventory update --item pen --quantity 100",
  "inventory update --item pen --quantity 0",
  "inventory update --item pen --quantity 100",
  "inventory add --item pen --quantity 1",
  "inventory update --item pan --quantity 1",
  "inventory show",
  "inventory show --json",
  ["user", "add", "--user", CAFE.composed, "--status", "paid"],
  ["user", "update", "--user", CAFE.decomposed, "--status", "unpaid"],
  ["inventory", "add", "--item", CAFE.composed, "--quantity", "1"],
  ["inventory", "update", "--item", CAFE.decomposed, "--quantity", "7"],
  ...["__proto__", "=cmd()", "'; DROP TABLE users; --", 'a"b,c', "\\", "😀"].flatMap((name) => [
    ["user", "add", "--user", name, "--status", "paid"],
    ["inventory", "add", "--item", name, "--quantity", "3"],
    ["inventory", "update", "--item", name, "--quantity", "2"],
  ]),
  ["user", "add", "--user", " blank ", "--status", "paid"],
  ["user", "add", "--user", "esc\x1b[2J", "--status", "paid"],
  "user show",
  "inventory show",
  "verify --offline",
];

/** What they ask once orders were judged. */
const QUESTIONS: string[] = [
  "verify --offline",
  "verify --offline --json",
  "why a-1 --offline",
  "why bob-1 --offline",
  "why replayed --offline",
  "why a-2 --offline",
  "why none --offline",
  `replay --run ${RUN} --dry-run`,
  `replay --run ${RUN} --dry-run --originals`,
  "replay --same-id --dry-run",
  "replay --same-id --dry-run --originals",
  "bootstrap --force --yes",
  "user show",
  "verify --offline",
  "replay --same-id --dry-run",
];

const ORDERS: Order[] = [
  order({ order_id: "a-1" }),
  order({ order_id: "bob-1", user: "bob" }),
  order({ order_id: "a-2", item: "pen", quantity: 4 }),
  order({ order_id: "a-1" }),
  order({ order_id: "a-3", item: CAFE.decomposed }),
  order({ order_id: "too-many", quantity: 1_000 }),
];

async function judge(store: OrderStore): Promise<string[]> {
  const first = await process(store, batchOf(ORDERS));
  const replay = batchOf([order({ order_id: "replayed" })], { from: ORDERS.length });
  const second = await process(store, {
    ...replay,
    orders: replay.orders.map((received) => ({ ...received, replayOf: "a-1" })),
  });
  return outcomes([...first, ...second]);
}

/** What is printed, but for what differs by nature: the store's name, the order of rows, numbers against times. */
function comparable({ code, stdout, stderr }: Output, place: string): { code: number; out: string[]; err: string[] } {
  const plain = (text: string) =>
    text.replaceAll(place, "PLACE").replaceAll("PLACE/users.csv", "PLACE").split("\n").map((line) =>
      line.replace(/as number \d+|at \d{4}-\S+Z/g, "WHEN")
        .replace(/(Moved the old )(?:files|tables) to .*/, "$1…")
        .replace(/"created_at":\d{13}/g, '"created_at":0')
        .replace(/ {2,}/g, "  ").trimEnd()
    );
  const rows = plain(stdout).flatMap((line) => line.startsWith("[{") ? JSON.parse(line).map(JSON.stringify) : [line]);
  return { code, out: rows.map(unordered).sort(), err: plain(stderr) };
}

/** The items of a JSON report in the order of their names. */
function unordered(line: string): string {
  if (!line.startsWith('{"ok"')) return line;
  const report = JSON.parse(line);
  report.items.sort((a: { item: string }, b: { item: string }) => a.item < b.item ? -1 : 1);
  return JSON.stringify(report);
}

postgresTest("every tool says the same of a database as of a storage folder", async () => {
  await using storage = TestStorage.of({});
  await using database = await TestDatabase.empty();
  const folder = { STORAGE_DIR: storage.folder };
  const tables = { STORAGE_DIR: `${storage.folder}/none`, DATABASE_URL: database.url };
  const compare = async (lines: readonly (string | string[])[]) => {
    for (const line of lines) {
      const [files, postgres] = await Promise.all([run(folder, line), run(tables, line)]);
      const expected = comparable(files, storage.folder);
      assert.deepEqual(comparable(postgres, placeOf(database.connection)), expected, JSON.stringify(line));
    }
  };
  await compare(EDITS);
  const store = await database.open();
  const files = await storage.open();
  const verdicts = await judge(files);
  assert.deepEqual(await judge(store), verdicts);
  assert.deepEqual(verdicts.filter((verdict) => verdict === "accepted").length, 4, String(verdicts));
  await storage.close(files);
  await database.close(store);
  await compare(QUESTIONS);
});

postgresTest("stock that was changed past the tools is named by verify, and settled by the next edit", async () => {
  await using database = await TestDatabase.create();
  const store = await database.open();
  await process(store, batchOf([order({ order_id: "a", item: CAFE.decomposed }), order({ order_id: "b" })]));
  await database.sql("UPDATE inventory SET quantity = 3 WHERE item = 'book'");
  await database.sql("DELETE FROM inventory WHERE item = 'pen'");
  await database.sql("INSERT INTO inventory VALUES ('car', 2)");
  const wrong = await audited(database);
  assert.deepEqual(wrong, ["book: 3, expected 9", "car: 2, expected null", "pen: null, expected 50"]);
  const admin = await openAdmin(database.connection, assert.fail);
  await process(store, batchOf([order({ order_id: "c", item: "car" })], { from: 2 }));
  const edits = [["update", "book"], ["update", "car"], ["add", "pen"]] as const;
  for (const [index, [action, name]] of edits.entries()) {
    assert.equal((await admin.editItem({ action, name, quantity: 8 })).done, true);
    // While a consumer goes on, and again: what is settled stays so.
    await process(store, batchOf([order({ order_id: `after ${name}` })], { from: 3 + index }));
    assert.equal((await admin.editItem({ action: "update", name, quantity: 9 })).done, true);
  }
  await admin.close();
  assert.deepEqual(await audited(database), []);
});

/** The items whose stock is not what the journals say. */
async function audited(database: TestDatabase): Promise<string[]> {
  const admin = await openAdmin(database.connection, assert.fail);
  try {
    const { items, faults } = await admin.audit(new VerdictPlaces());
    assert.deepEqual(faults, []);
    return items.filter(({ stock, expected }) => stock !== expected)
      .map(({ item, stock, expected }) => `${item}: ${stock}, expected ${expected}`).sort();
  } finally {
    await admin.close();
  }
}

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
    // The old store's position is gone with it: a batch that follows on it begins a new range.
    assert.deepEqual(outcomes(await process(store, batchOf([order({ order_id: "old" })], { from: 1 }))), ["accepted"]);
    assert.deepEqual(await audited(database), []);
    await admin.close();
  },
);
