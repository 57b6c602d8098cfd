import assert from "node:assert/strict";
import { editStorage } from "../../../../lib/files/store/edit_storage.ts";
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

const id = (order_id: string, given = {}) => order({ order_id, ...given });
const LINE_FEED = 10;

/** A killed consumer's folder: batches a; b, c; d, e of partition 0, with a checkpoint after one of them or none. */
async function killed({ checkpointAfter = 0 } = {}): Promise<TestStorage> {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  const batches = [
    batchOf([id("a")]),
    batchOf([id("b"), id("c")], { from: 1 }),
    batchOf([id("d"), id("e")], { from: 3 }),
  ];
  for (const [index, batch] of batches.entries()) {
    await process(store, batch);
    if (index + 1 === checkpointAfter) await store.checkpoint();
  }
  return storage.copy();
}

function lineStarts(log: Uint8Array): number[] {
  return [0, ...[...log.keys()].filter((at) => log[at] === LINE_FEED).map((at) => at + 1)];
}

function tornFiles(storage: TestStorage): Uint8Array[] {
  return [...storage.files()].filter(([name]) => name.startsWith("orders.jsonl.torn-")).map(([, bytes]) => bytes);
}

/** Opens a folder whose log ends inside its last batch, and reads that batch once more. */
async function requireHealed(storage: TestStorage, whole: Uint8Array, torn: Uint8Array): Promise<void> {
  const store = await storage.open();
  assert.deepEqual(storage.bytes("orders.jsonl"), whole);
  assert.deepEqual(tornFiles(storage), torn.length === 0 ? [] : [torn]);
  assert.equal(await store.resumeAt(partitionOf(0)), 3, "reading restarts at the batch that is torn");
  const verdicts = await process(store, batchOf([id("d"), id("e")], { from: 3 }));
  assert.ok(outcomes(verdicts).every((outcome) => outcome === "accepted" || outcome === "redelivered"));
  await storage.close(store);
  assert.deepEqual(requireBalance(storage), { book: 5, pen: 50 });
}

Deno.test("FileStore.open() sets a torn batch aside, wherever it is cut, and has it read again", async () => {
  await using storage = await killed();
  const log = storage.bytes("orders.jsonl");
  const starts = lineStarts(log);
  const [last, second] = [starts.at(-3)!, starts.at(-2)!];
  for (let end = last; end < log.length; end++) {
    await using copy = storage.copy();
    copy.save("orders.jsonl", log.subarray(0, end));
    const good = end >= second ? second : last;
    await requireHealed(copy, log.subarray(0, good), log.subarray(good, end));
  }
});

Deno.test("FileStore.open() takes a zeroed end of the last batch for torn", async () => {
  await using storage = await killed();
  const log = storage.bytes("orders.jsonl");
  const [last, second] = lineStarts(log).slice(-3);
  for (
    const [from, to, good] of [
      [last, log.length, last],
      [last + 9, log.length, last],
      [second, log.length, second],
      [log.length - 1, log.length, second],
      [last, second, last], // the first page is lost, the second is there
      [last + 4, last + 9, last],
    ]
  ) {
    await using copy = storage.copy();
    const zeroed = log.slice().fill(0, from, to);
    copy.save("orders.jsonl", zeroed);
    await requireHealed(copy, log.subarray(0, good), zeroed.subarray(good));
  }
});

Deno.test("FileStore.open() refuses a log with damage before a later batch and touches nothing", async () => {
  await using storage = await killed();
  const log = storage.bytes("orders.jsonl");
  const lastBatch = lineStarts(log).at(-3)!;
  for (let at = 0; at < lastBatch; at += 1 + at % 5) {
    if (log[at] === LINE_FEED) continue; // below
    await using copy = storage.copy();
    const flipped = log.slice();
    flipped[at] ^= 1 << (at % 8);
    copy.save("orders.jsonl", flipped);
    const failure = await requireUntouched(copy, 65, () => copy.open());
    assert.match(failure.message, /orders\.jsonl is damaged at byte \d+: .* nothing was touched\. Restore it/);
  }
});

Deno.test({
  name: "FileStore.open() refuses a log whose line feed before the last batch is damaged",
  async fn() {
    await using storage = await TestStorage.create();
    const store = await storage.open();
    await process(store, batchOf([id("a")]));
    await process(store, batchOf([id("b")], { from: 1 }));
    await using copy = storage.copy();
    const log = copy.bytes("orders.jsonl");
    log[log.indexOf(LINE_FEED)] ^= 1;
    copy.save("orders.jsonl", log);
    await requireUntouched(copy, 65, () => copy.open());
  },
});

Deno.test("FileStore.open() refuses a log that ends below what inventory.csv is as of", async () => {
  await using storage = await killed({ checkpointAfter: 3 });
  const log = storage.bytes("orders.jsonl");
  for (const end of lineStarts(log).slice(0, -1)) {
    for (const bytes of [log.subarray(0, end), log.subarray(0, end + 20)]) {
      await using copy = storage.copy();
      copy.save("orders.jsonl", bytes);
      const failure = await requireUntouched(copy, 65, () => copy.open());
      assert.match(failure.message, /ends at number \d, but inventory\.csv is as of 7: lines are missing; nothing was/);
    }
  }
});

Deno.test("FileStore.open() refuses a log that ends below an edit", async () => {
  await using storage = await killed();
  await storage.setStock("pen", 7);
  storage.save("inventory.csv", "item,quantity,as_of\nbook,10,2\npen,50,2\n");
  const log = storage.bytes("orders.jsonl");
  storage.save("orders.jsonl", log.subarray(0, lineStarts(log).at(-2)));
  const failure = await requireUntouched(storage, 65, () => storage.open());
  assert.match(failure.message, /ends at number 6, but stock_edits\.jsonl has 8/);
});

Deno.test("FileStore.open() has everything read again that a log cut at a line border has lost", async () => {
  await using storage = await killed({ checkpointAfter: 1 });
  const log = storage.bytes("orders.jsonl");
  const starts = lineStarts(log);
  for (const [end, resumeAt] of [[starts[4], 3], [starts[3], 3], [starts[2], 1], [starts[1], 1]]) {
    await using copy = storage.copy();
    copy.save("orders.jsonl", log.subarray(0, end));
    const store = await copy.open();
    assert.equal(await store.resumeAt(partitionOf(0)), resumeAt);
    await process(store, batchOf([id("b"), id("c"), id("d"), id("e")], { from: 1 }));
    await copy.close(store);
    assert.deepEqual(requireBalance(copy), { book: 5, pen: 50 });
  }
});

/** What `bootstrap` does where nothing is to be added. */
function bootstrap(storage: TestStorage): Promise<void> {
  return editStorage(storage.folder, () => {}, { ...storage, create: true });
}

Deno.test("bootstrap refuses a log that lacks lines also where inventory.csv is gone, and touches nothing", async () => {
  await using storage = await killed();
  const older = storage.bytes("orders.jsonl").slice(0, lineStarts(storage.bytes("orders.jsonl"))[1]);
  await storage.setStock("pen", 3);
  storage.save("orders.jsonl", older);
  Deno.removeSync(storage.layout.inventory);
  const failure = await requireUntouched(storage, 65, () => bootstrap(storage));
  assert.match(failure.message, /ends at number 3, but stock_edits\.jsonl has 8: lines are missing/);
});

Deno.test("bootstrap makes inventory.csv anew, and nothing has to be read again", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  await process(store, batchOf([id("a")]));
  await storage.setStock("pen", 3);
  await process(store, batchOf([id("b", { user: "bob" })], { from: 1 })); // its range is as of the edit
  await storage.close(store);
  Deno.removeSync(storage.layout.inventory);
  await bootstrap(storage);
  assert.deepEqual(requireBalance(storage), { book: 9, pen: 3 });
  const again = await storage.open();
  assert.equal(await again.resumeAt(partitionOf(0)), undefined);
  await storage.close(again);
});

Deno.test("FileStore.open() refuses a missing log where stock was ever changed, and makes none", async () => {
  await using storage = await killed();
  Deno.removeSync(storage.layout.orders);
  const failure = await requireUntouched(storage, 65, () => storage.open());
  assert.match(failure.message, /orders\.jsonl is missing, although the stock has changed before; nothing was touched/);
});

Deno.test("FileStore.open() refuses a row that is as of a number never given out, and names it", async () => {
  await using storage = await killed();
  storage.save("inventory.csv", "item,quantity,as_of\nbook,10,2\npen,50,99\n");
  const failure = await requireUntouched(storage, 65, () => storage.open());
  assert.match(failure.message, /inventory\.csv is as of 99/);
});

Deno.test({
  name: "FileStore.open() makes no files where there is no log while an as_of is above 0",
  async fn() {
    await using storage = TestStorage.of({
      "users.csv": "user,status\nalice,paid\n",
      "inventory.csv": "item,quantity,as_of\nbook,4,9\n",
    });
    await requireUntouched(storage, 65, () => storage.open());
  },
});

Deno.test({
  name: "FileStore.open() leaves a torn rejected.jsonl as it is next to a damaged log",
  async fn() {
    await using storage = await killed();
    const log = storage.bytes("orders.jsonl");
    log[20] ^= 1;
    storage.save("orders.jsonl", log);
    storage.save("rejected.jsonl", '{"torn');
    await requireUntouched(storage, 65, () => storage.open());
  },
});
