import assert from "node:assert/strict";
import { ReadRanges } from "../../../../lib/files/log/read_ranges.ts";
import type { OffsetRange } from "../../../../lib/offset_ranges.ts";
import { TestStorage } from "../../../support/storage.ts";

async function readRangesOf(storage: TestStorage, logSeq: number, compactAbove?: number): Promise<ReadRanges> {
  const readRanges = new ReadRanges(storage.layout, { compactAbove });
  await readRanges.load(logSeq);
  return readRanges;
}

function rangesOf(readRanges: ReadRanges, topic: string, partition: number): OffsetRange[] {
  return readRanges.ranges().find((all) => all.topic === topic && all.partition === partition)?.ranges ?? [];
}

Deno.test("ReadRanges keeps ranges and starts by partition, over a restart", async () => {
  await using storage = TestStorage.of({});
  const first = await readRangesOf(storage, 0);
  await first.read("orders", 0, { from: 0, to: 5 }, 1);
  await first.read("orders", 0, { from: 5, to: 9 }, 2);
  await first.read("orders", 1, { from: 3, to: 4 }, 2);
  await first.restartAt("orders", new Map([[1, 0]]), 2);
  first.close();
  const again = await readRangesOf(storage, 2);
  assert.deepEqual(rangesOf(again, "orders", 0), [{ from: 0, to: 9 }]);
  assert.deepEqual(rangesOf(again, "orders", 1), [{ from: 3, to: 4 }]);
  assert.deepEqual(rangesOf(again, "other", 0), []);
  assert.deepEqual([again.startOf("orders", 0), again.startOf("orders", 1)], [undefined, 0]);
  await again.read("orders", 1, { from: 0, to: 2 }, 2);
  assert.equal(again.startOf("orders", 1), undefined);
  again.close();
});

Deno.test("ReadRanges.load() has ranges read again that speak of more than the log has", async () => {
  await using storage = TestStorage.of({});
  const first = await readRangesOf(storage, 0);
  await first.read("orders", 0, { from: 0, to: 5 }, 1);
  await first.read("orders", 0, { from: 5, to: 9 }, 4);
  await first.read("orders", 1, { from: 7, to: 8 }, 4);
  await first.read("orders", 0, { from: 9, to: 12 }, 6);
  first.close();
  for (
    const [logSeq, starts] of [[6, [undefined, undefined]], [5, [9, undefined]], [3, [5, 7]], [0, [0, 7]]] as const
  ) {
    await using copy = storage.copy();
    for (let run = 0; run < 2; run++) { // what was decided at the first start still holds at the next
      const again = await readRangesOf(copy, logSeq);
      assert.deepEqual([again.startOf("orders", 0), again.startOf("orders", 1)], starts, `log ends at ${logSeq}`);
      again.close();
    }
  }
});

Deno.test("ReadRanges.refresh() picks up what another process wrote, and knows its writing", async () => {
  await using storage = TestStorage.of({});
  const [one, other] = [await readRangesOf(storage, 0), await readRangesOf(storage, 0)];
  const bytes = new TextEncoder().encode("item,quantity\n");
  other.wrote("inventory.csv", bytes, 0);
  await other.read("orders", 0, { from: 0, to: 5 }, 0);
  assert.equal(one.isOwnWriting("inventory.csv", bytes), false);
  one.refresh();
  assert.equal(one.isOwnWriting("inventory.csv", bytes), true);
  assert.equal(one.isOwnWriting("users.csv", bytes), false);
  assert.deepEqual(rangesOf(one, "orders", 0), [{ from: 0, to: 5 }]);
  one.close();
  other.close();
});

Deno.test({
  name: "ReadRanges.load() restarts at the lowest of the offsets that have to be read again",
  async fn() {
    await using storage = TestStorage.of({});
    const first = await readRangesOf(storage, 0);
    await first.read("orders", 0, { from: 10, to: 12 }, 2);
    await first.restartAt("orders", new Map([[0, 0]]), 2);
    await first.read("orders", 0, { from: 0, to: 2 }, 4);
    first.close();
    const again = await readRangesOf(storage, 0);
    assert.equal(again.startOf("orders", 0), 0);
    again.close();
  },
});

Deno.test("ReadRanges.compact() bounds the file by partitions and gaps, and says the same as before", async () => {
  await using storage = TestStorage.of({});
  const readRanges = await readRangesOf(storage, 0, 8);
  for (let batch = 0; batch < 50; batch++) await readRanges.read("orders", 0, { from: batch, to: batch + 1 }, batch);
  await readRanges.read("orders", 0, { from: 60, to: 70 }, 50);
  await readRanges.restartAt("orders", new Map([[1, 7]]), 50);
  const bytes = new TextEncoder().encode("item,quantity\n");
  readRanges.wrote("inventory.csv", bytes, 50);
  const before = [readRanges.ranges(), readRanges.startOf("orders", 1)];
  readRanges.compact(50);
  assert.deepEqual([readRanges.ranges(), readRanges.startOf("orders", 1)], before);
  assert.equal(storage.text("positions.jsonl").split("\n").length - 1, 4);
  await readRanges.read("orders", 0, { from: 50, to: 60 }, 51);
  readRanges.close();
  const again = await readRangesOf(storage, 51);
  assert.deepEqual(rangesOf(again, "orders", 0), [{ from: 0, to: 70 }]);
  assert.equal(again.startOf("orders", 1), 7);
  assert.equal(again.isOwnWriting("inventory.csv", bytes), true);
  again.close();
});

Deno.test("ReadRanges.refresh() reads the file anew that another process has compacted", async () => {
  await using storage = TestStorage.of({});
  const [one, other] = [await readRangesOf(storage, 0, 8), await readRangesOf(storage, 0, 8)];
  for (let batch = 0; batch < 20; batch++) await one.read("orders", 0, { from: batch, to: batch + 1 }, batch);
  other.refresh();
  other.compact(20);
  await one.read("orders", 0, { from: 20, to: 21 }, 21);
  other.refresh();
  for (const readRanges of [one, other]) assert.deepEqual(rangesOf(readRanges, "orders", 0), [{ from: 0, to: 21 }]);
  one.close();
  other.close();
});

Deno.test("ReadRanges remembers a bounded number of its writings, the newest ones", async () => {
  await using storage = TestStorage.of({});
  const readRanges = await readRangesOf(storage, 0);
  const bytesOf = (index: number) => new TextEncoder().encode(`${index}`);
  for (let index = 0; index < 100; index++) readRanges.wrote("inventory.csv", bytesOf(index), index);
  assert.equal(readRanges.isOwnWriting("inventory.csv", bytesOf(99)), true);
  assert.equal(readRanges.isOwnWriting("inventory.csv", bytesOf(0)), false);
  readRanges.close();
});
