import assert from "node:assert/strict";
import fc from "fast-check";
import { joinRange, type OffsetRange, Positions } from "../../../lib/files/positions.ts";
import { TestStorage } from "../../support/storage.ts";

const anyRange = fc.tuple(fc.nat(60), fc.nat(10)).map(([from, length]) => ({ from, to: from + length }));
const join = (ranges: OffsetRange[]) =>
  ranges.reduce((joined: OffsetRange[], range) => joinRange(joined, { ...range }), []);

Deno.test("joinRange() goes on from the last range and fills gaps", { permissions: "none" }, () => {
  assert.deepEqual(join([{ from: 0, to: 5 }, { from: 5, to: 9 }]), [{ from: 0, to: 9 }]);
  assert.deepEqual(join([{ from: 0, to: 5 }, { from: 7, to: 9 }]), [{ from: 0, to: 5 }, { from: 7, to: 9 }]);
  assert.deepEqual(join([{ from: 0, to: 5 }, { from: 7, to: 9 }, { from: 4, to: 7 }]), [{ from: 0, to: 9 }]);
  assert.deepEqual(join([{ from: 7, to: 9 }, { from: 0, to: 2 }]), [{ from: 0, to: 2 }, { from: 7, to: 9 }]);
  assert.deepEqual(join([{ from: 0, to: 9 }, { from: 3, to: 5 }]), [{ from: 0, to: 9 }]);
});

Deno.test("joinRange() covers the same offsets as a set, sorted and disjoint", { permissions: "none" }, () => {
  fc.assert(fc.property(fc.array(anyRange), (ranges) => {
    const joined = join(ranges);
    const offsets = (all: OffsetRange[]) =>
      new Set(all.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, index) => from + index)));
    assert.deepEqual([...offsets(joined)].sort((a, b) => a - b), [...offsets(ranges)].sort((a, b) => a - b));
    for (const [index, { from }] of joined.entries()) {
      if (index > 0) assert.ok(joined[index - 1].to < from, "neighbours are not joined");
    }
  }));
});

async function positionsOf(storage: TestStorage, logSeq: number): Promise<Positions> {
  const positions = new Positions(storage.layout);
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
