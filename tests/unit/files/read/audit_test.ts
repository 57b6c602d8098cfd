import assert from "node:assert/strict";
import { auditBalance, takeSnapshot } from "../../../../lib/files/read/audit.ts";
import type { Coordinates } from "../../../../lib/order.ts";
import { sealLine } from "../../../support/seal_line.ts";
import { batchOf, type LogLine, order, outcomes, process, TestStorage } from "../../../support/storage.ts";

const IDS = ["plain", "caf\u00e9", 'with "quotes" and \\', "\u{1f4d6}", "replay"];
const NFD = "Cafe\u0301";

/** A log of two partitions, with a plain line, others with escapes and beyond ASCII, and a last batch. */
async function sold(): Promise<TestStorage> {
  const storage = await TestStorage.create({ items: { book: 100, [NFD.normalize("NFC")]: 50 } });
  const store = await storage.open();
  for (const [partition, item] of ["book", NFD].entries()) {
    const orders = IDS.map((id, index) => order({ order_id: `${id} ${item}`, item, quantity: index + 1 }));
    const batch = batchOf(orders, { partition, topic: partition === 0 ? "orders" : "\u00fcber" });
    batch.orders.at(-1)!.replayOf = IDS[partition];
    assert.deepEqual(outcomes(await process(store, batch)), IDS.map(() => "accepted"));
  }
  await process(store, batchOf([order({ order_id: "last" })], { from: IDS.length }));
  await storage.close(store);
  return storage;
}

/** The lines of the orders, and lines as long with two fields in another sequence, which only JSON.parse reads. */
const usualForm = ({ crc: _, ...order }: Sealed) => sealLine(order);
const otherForm = ({ crc: _, order_id, user, ...rest }: Sealed) => sealLine({ user, order_id, ...rest });
type Sealed = LogLine & { crc?: string };

async function audit(storage: TestStorage) {
  const places: Coordinates[] = [];
  const snapshot = await takeSnapshot(storage.folder, storage.warn);
  const { items, faults, accepted } = await auditBalance(snapshot, ({ topic, partition, offset }) => {
    places.push({ topic, partition, offset });
  });
  return { items, faults, accepted, places };
}

Deno.test("auditBalance() says the same of lines in the usual form as of any other", async () => {
  await using usual = await sold();
  await using other = usual.copy();
  other.save("orders.jsonl", other.orders().map(otherForm).join(""));
  assert.notDeepEqual(other.bytes("orders.jsonl"), usual.bytes("orders.jsonl"));
  const expected = await audit(usual);
  assert.deepEqual(expected.faults, []);
  assert.deepEqual([expected.accepted, expected.places.length], [11, 11]);
  assert.deepEqual(expected.places[5], { topic: "\u00fcber", partition: 1, offset: 0 });
  assert.deepEqual(await audit(other), expected);
});

Deno.test("auditBalance() finds the same faults in lines in the usual form as in any other", async () => {
  await using usual = await sold();
  await using other = usual.copy();
  const orders = usual.orders();
  for (const [storage, form] of [[usual, usualForm], [other, otherForm]] as const) {
    const lines = orders.map(form);
    lines[1] = form({ ...orders[1], order_id: orders[0].order_id });
    lines[2] = form({ ...orders[2], remaining: 7 });
    lines[3] = lines[3].replace('"user":"alice"', '"user":"alicf"');
    lines[6] = form({ ...orders[6], order_id: orders[5].order_id });
    storage.save("orders.jsonl", lines.join(""));
  }
  const found = await audit(usual);
  assert.deepEqual(found.faults, [
    "number 5: book has 94 left, the order says 7",
    "orders.jsonl is damaged at byte 577",
    "number 7: book has 89 left, the order says 85",
    "number 13: book has 88 left, the order says 84",
    "order plain book is accepted 2 times",
    `order plain ${NFD} is accepted 2 times`,
  ]);
  assert.deepEqual(await audit(other), found);
});

Deno.test("FileStore.open() makes the index from lines in any form, and knows each order again", async () => {
  await using storage = await sold();
  const lines = storage.orders().map((order, index) => index % 2 === 0 ? usualForm(order) : otherForm(order));
  storage.save("orders.jsonl", lines.join(""));
  Deno.removeSync(storage.layout.index);
  const store = await storage.open();
  for (const [partition, item] of ["book", NFD].entries()) {
    const orders = IDS.map((id, index) => order({ order_id: `${id} ${item}`, item, quantity: index + 1 }));
    const topic = partition === 0 ? "orders" : "\u00fcber";
    const outcomesFrom = async (from: number) =>
      outcomes(await process(store, batchOf(orders, { partition, topic, from })));
    assert.deepEqual(await outcomesFrom(0), IDS.map(() => "redelivered"));
    assert.deepEqual(await outcomesFrom(100), IDS.map(() => "duplicate"));
  }
  await storage.close(store);
});
