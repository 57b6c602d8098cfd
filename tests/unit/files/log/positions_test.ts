import assert from "node:assert/strict";
import { Positions } from "../../../../lib/files/log/positions.ts";
import type { OffsetRange } from "../../../../lib/offset_ranges.ts";
import { TestStorage } from "../../../support/storage.ts";

async function positionsOf(storage: TestStorage, logSeq: number, compactAbove?: number): Promise<Positions> {
  const positions = new Positions(storage.layout, { compactAbove });
  await positions.load(logSeq);
  return positions;
}

function rangesOf(positions: Positions, topic: string, partition: number): OffsetRange[] {
  return positions.ranges().find((all) => all.topic === topic && all.partition === partition)?.ranges ?? [];
}

Deno.test("Positions keeps ranges and starts by partition, over a restart", async () => {
  await using storage = TestStorage.of({});
  const first = await positionsOf(storage, 0);
  await first.read("orders", 0, { from: 0, to: 5 }, 1);
  await first.read("orders", 0, { from: 5, to: 9 }, 2);
  await first.read("orders", 1, { from: 3, to: 4 }, 2);
  await first.restartAt("orders", 1, 0, 2);
  first.close();
  const again = await positionsOf(storage, 2);
  assert.deepEqual(rangesOf(again, "orders", 0), [{ from: 0, to: 9 }]);
  assert.deepEqual(rangesOf(again, "orders", 1), [{ from: 3, to: 4 }]);
  assert.deepEqual(rangesOf(again, "other", 0), []);
  assert.deepEqual([again.startOf("orders", 0), again.startOf("orders", 1)], [undefined, 0]);
  await again.read("orders", 1, { from: 0, to: 2 }, 2);
  assert.equal(again.startOf("orders", 1), undefined);
  again.close();
});

Deno.test("Positions.load() has ranges read again that speak of more than the log has", async () => {
  await using storage = TestStorage.of({});
  const first = await positionsOf(storage, 0);
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
      const again = await positionsOf(copy, logSeq);
      assert.deepEqual([again.startOf("orders", 0), again.startOf("orders", 1)], starts, `log ends at ${logSeq}`);
      again.close();
    }
  }
});

Deno.test("Positions.refresh() picks up what another process wrote, and knows its writing", async () => {
  await using storage = TestStorage.of({});
  const [one, other] = [await positionsOf(storage, 0), await positionsOf(storage, 0)];
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
  name: "Positions.load() restarts at the lowest of the offsets that have to be read again",
  async fn() {
    await using storage = TestStorage.of({});
    const first = await positionsOf(storage, 0);
    await first.read("orders", 0, { from: 10, to: 12 }, 2);
    await first.restartAt("orders", 0, 0, 2);
    await first.read("orders", 0, { from: 0, to: 2 }, 4);
    first.close();
    const again = await positionsOf(storage, 0);
    assert.equal(again.startOf("orders", 0), 0);
    again.close();
  },
});

Deno.test("Positions.compact() bounds the file by partitions and gaps, and says the same as before", async () => {
  await using storage = TestStorage.of({});
  const positions = await positionsOf(storage, 0, 8);
  for (let batch = 0; batch < 50; batch++) await positions.read("orders", 0, { from: batch, to: batch + 1 }, batch);
  await positions.read("orders", 0, { from: 60, to: 70 }, 50);
  await positions.restartAt("orders", 1, 7, 50);
  const bytes = new TextEncoder().encode("item,quantity\n");
  positions.wrote("inventory.csv", bytes, 50);
  const before = [positions.ranges(), positions.startOf("orders", 1)];
  positions.compact(50);
  assert.deepEqual([positions.ranges(), positions.startOf("orders", 1)], before);
  assert.equal(storage.text("positions.jsonl").split("\n").length - 1, 4);
  await positions.read("orders", 0, { from: 50, to: 60 }, 51);
  positions.close();
  const again = await positionsOf(storage, 51);
  assert.deepEqual(rangesOf(again, "orders", 0), [{ from: 0, to: 70 }]);
  assert.equal(again.startOf("orders", 1), 7);
  assert.equal(again.isOwnWriting("inventory.csv", bytes), true);
  again.close();
});

Deno.test("Positions.refresh() reads the file anew that another process has compacted", async () => {
  await using storage = TestStorage.of({});
  const [one, other] = [await positionsOf(storage, 0, 8), await positionsOf(storage, 0, 8)];
  for (let batch = 0; batch < 20; batch++) await one.read("orders", 0, { from: batch, to: batch + 1 }, batch);
  other.refresh();
  other.compact(20);
  await one.read("orders", 0, { from: 20, to: 21 }, 21);
  other.refresh();
  for (const positions of [one, other]) assert.deepEqual(rangesOf(positions, "orders", 0), [{ from: 0, to: 21 }]);
  one.close();
  other.close();
});

Deno.test("Positions remembers a bounded number of its writings, the newest ones", async () => {
  await using storage = TestStorage.of({});
  const positions = await positionsOf(storage, 0);
  const bytesOf = (index: number) => new TextEncoder().encode(`${index}`);
  for (let index = 0; index < 100; index++) positions.wrote("inventory.csv", bytesOf(index), index);
  assert.equal(positions.isOwnWriting("inventory.csv", bytesOf(99)), true);
  assert.equal(positions.isOwnWriting("inventory.csv", bytesOf(0)), false);
  positions.close();
});
