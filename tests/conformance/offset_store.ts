import assert from "node:assert/strict";
import { EXIT, Failure } from "../../lib/errors.ts";
import { KEPT_CHANGES, type NewChange } from "../../lib/offset_changes.ts";
import type { OrderStore } from "../../lib/ports.ts";
import { batchOf, order, process, TOPIC } from "../support/storage.ts";
import type { StoreContents, StoreHarness } from "./order_store.ts";

const CONTENTS: StoreContents = { users: { alice: "paid" }, items: { book: 10 } };
const AT = { topic: TOPIC, topicId: undefined };
const nothing = () => Promise.resolve();
const busy = () => Promise.reject(new Failure(EXIT.busy, "active"));

/** A change of partition 0 to `to`, as of where the store has it now. */
async function changeTo(store: OrderStore, to: number, group = "group"): Promise<NewChange> {
  const position = (await store.offsets.positionsOf(AT)).get(0);
  const before = { committed: 1, ...position === undefined ? {} : { position } };
  const partitions = [{ partition: 0, before, after: { committed: to, position: to } }];
  return { group, topic: TOPIC, to: String(to), withStore: true, partitions };
}

/** One suite for the offsets of every `OrderStore`: registers its tests under `name`. */
export function offsetStoreConformance(
  name: string,
  create: (contents: StoreContents) => Promise<StoreHarness>,
  register: (name: string, run: () => Promise<void>) => void = Deno.test,
): void {
  const test = (what: string, run: (store: OrderStore, harness: StoreHarness) => Promise<unknown>) =>
    register(`${name} ${what}`, async () => {
      await using harness = await create(CONTENTS);
      const store = await harness.open();
      await process(store, batchOf([order({ order_id: "a" })]));
      await run(store, harness);
    });

  test("moves a position with a change, and gives up its own again", async (store) => {
    const before = await store.offsets.positionsOf(AT);
    const there = await store.offsets.change(await changeTo(store, 0), nothing);
    assert.deepEqual(await store.offsets.positionsOf(AT), new Map([[0, 0]]));
    const [{ after, before: place }] = there.partitions;
    const back = { ...there, to: "undo", partitions: [{ partition: 0, before: after, after: place }] };
    await store.offsets.change(back, nothing);
    assert.deepEqual(await store.offsets.positionsOf(AT), before);
    assert.deepEqual((await store.offsets.changes()).map(({ id, to, done }) => [id, to, done]), [
      [1, "0", true],
      [2, "undo", true],
    ]);
  });

  test("notes a change before the group is moved, and forgets one that Kafka has refused", async (store) => {
    await store.offsets.change(await changeTo(store, 0), nothing);
    let noted: unknown;
    const change = store.offsets.change(await changeTo(store, 1), () => busy());
    await assert.rejects(change, { exit: EXIT.busy });
    assert.deepEqual((await store.offsets.changes()).map(({ to }) => to), ["0"]);
    assert.equal((await store.offsets.positionsOf(AT)).get(0), 0);
    const died = store.offsets.change(await changeTo(store, 1), () => Promise.reject(noted = new Error("killed")));
    await assert.rejects(died, /killed/);
    assert.ok(noted);
    assert.deepEqual((await store.offsets.changes()).map(({ to, done }) => [to, done]), [["0", true], ["1", false]]);
  });

  test("settles what was killed, of that group and topic only, also after a restart", async (store, harness) => {
    const killed = () => Promise.reject(new Error("killed"));
    await assert.rejects(store.offsets.change(await changeTo(store, 0), killed));
    await assert.rejects(store.offsets.change(await changeTo(store, 0, "another"), killed));
    const before = await store.offsets.positionsOf(AT);
    await harness.abandon(store);
    const again = await harness.open();
    const settled = await again.offsets.settle({ group: "group", topic: TOPIC }, () => Promise.resolve("undone"));
    assert.deepEqual(settled.map(({ group }) => group), ["group"]);
    assert.deepEqual(await again.offsets.positionsOf(AT), before);
    assert.deepEqual((await again.offsets.changes()).map(({ group }) => group), ["another"]);
    await again.offsets.settle({ group: "another", topic: TOPIC }, () => Promise.resolve("done"));
    assert.deepEqual((await again.offsets.changes()).map(({ group, done }) => [group, done]), [["another", true]]);
  });

  test(`keeps the last ${KEPT_CHANGES} changes, and goes on counting`, async (store) => {
    for (let count = 1; count <= KEPT_CHANGES + 2; count++) {
      await store.offsets.change({ ...await changeTo(store, 0), withStore: false }, nothing);
    }
    const ids = (await store.offsets.changes()).map(({ id }) => id);
    assert.deepEqual([ids.length, ids[0], ids.at(-1)], [KEPT_CHANGES, 3, KEPT_CHANGES + 2]);
  });
}
