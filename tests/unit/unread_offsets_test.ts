import assert from "node:assert/strict";
import { unreadOffsets } from "../../lib/unread_offsets.ts";
import { batchOf, order, process, TestStorage, TOPIC } from "../support/storage.ts";

const AT = { group: "orders", topic: TOPIC };

/** A folder that has read offsets 0 to 2 of partition 0 and none of partition 1. */
async function withStore(work: (store: Awaited<ReturnType<TestStorage["open"]>>) => Promise<void>): Promise<void> {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  await process(store, batchOf([order({ order_id: "a" }), order({ order_id: "b", user: "eve" })]));
  await work(store);
}

Deno.test("unreadOffsets() finds what lies between the store and a group that is past it", () =>
  withStore(async (store) => {
    const unread = (...starts: [number, number][]) => unreadOffsets(store.offsets, AT, new Map(starts));
    assert.deepEqual(await unread([0, 5], [1, 7]), [{ partition: 0, from: 2, to: 5 }], "a new partition has none");
    assert.deepEqual(await unread([0, 2]), []);
    assert.deepEqual(await unread([0, 0]), [], "a commit was lost, or the group reset");
    assert.deepEqual(await unreadOffsets(store.offsets, { ...AT, topic: "other" }, new Map([[0, 5]])), []);
  }));

Deno.test("unreadOffsets() takes a change of offsets for the reason, but not another group's or one that led elsewhere", () =>
  withStore(async (store) => {
    const move = async (group: string, partition: number, committed: number) => {
      const partitions = [{ partition, before: { committed: 2 }, after: { committed } }];
      await store.offsets.change({ ...AT, group, to: "latest", withStore: true, partitions }, () => Promise.resolve());
    };
    const unread = () => unreadOffsets(store.offsets, AT, new Map([[0, 5]]));
    await move("another", 0, 5);
    await move(AT.group, 1, 5);
    await move(AT.group, 0, 1);
    assert.equal((await unread()).length, 1);
    await move(AT.group, 0, 4);
    assert.deepEqual(await unread(), []);
  }));
