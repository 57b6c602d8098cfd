import assert from "node:assert/strict";
import type { OutgoingOrder } from "../../lib/ports.ts";
import { openAdmin } from "../../lib/postgres/admin/open_admin.ts";
import type { PostgresStore } from "../../lib/postgres/store/postgres_store.ts";
import type { Slice } from "../../lib/slice.ts";
import type { SliceFilter } from "../../lib/slice.ts";
import type { StoreAdmin } from "../../lib/store_admin.ts";
import { postgresTest } from "../support/postgres.ts";
import { TestDatabase } from "../support/postgres_database.ts";
import { batchOf, order, outcomes, process } from "../support/storage.ts";

const RUN = "11111111-2222-4333-8444-555555555555";
const ACCEPTED = { run: RUN, sameId: false, originals: false, filter: {} };

/** A database, the store of a consumer and the tools' side of it. */
async function withStore(
  use: (at: { database: TestDatabase; store: PostgresStore; admin: StoreAdmin }) => Promise<void>,
) {
  await using database = await TestDatabase.create({ items: { book: 1_000_000 } });
  const admin = await openAdmin(database.connection, assert.fail);
  try {
    await use({ database, store: await database.open(), admin });
  } finally {
    await admin.close();
  }
}

const newOrders = (count: number, prefix: string, user = "alice") =>
  Array.from({ length: count }, (_, index) => order({ order_id: `${prefix}-${index}`, user }));

async function ids({ total, items }: Slice<OutgoingOrder>): Promise<string[]> {
  const found = (await Array.fromAsync(items())).map(({ order, replayOf }) => replayOf ?? order.order_id);
  assert.equal(total, found.length, "the total is what is sent");
  return found;
}

postgresTest(
  "a replay sends each accepted order once, oldest first, and does not chase what it sends itself",
  () =>
    withStore(async ({ store, admin }) => {
      await process(store, batchOf(newOrders(1_200, "a"), { partition: 2 }));
      await process(store, batchOf(newOrders(1_300, "b"), { partition: 0 }));
      await process(store, batchOf(newOrders(10, "c"), { partition: 2, from: 1_200 }));
      const slice = await admin.acceptedSlice(ACCEPTED);
      const sent: string[] = [];
      const offsets = [1_300, 0, 1_210];
      for await (const { order, replayOf } of slice.items()) {
        sent.push(replayOf!);
        const partition = sent.length % 3;
        const batch = batchOf([order], { partition, from: offsets[partition]++ });
        batch.orders.setReplayOf(0, replayOf!);
        assert.deepEqual(outcomes(await process(store, batch)), ["accepted"]);
      }
      assert.equal(slice.total, 2_510);
      const expected = [newOrders(1_200, "a"), newOrders(1_300, "b"), newOrders(10, "c")].flat();
      assert.deepEqual(sent, expected.map(({ order_id }) => order_id));
      const again = await admin.acceptedSlice(ACCEPTED);
      assert.deepEqual([again.total, again.counts], [0, { replays: 0, placed_before: 2_510 }], "a resumed run is done");
      const another = await admin.acceptedSlice({ ...ACCEPTED, run: crypto.randomUUID() });
      assert.deepEqual([another.total, another.counts.replays], [5_020, 2_510]);
      assert.equal(
        (await ids(await admin.acceptedSlice({ ...ACCEPTED, originals: true, sameId: true }))).length,
        2_510,
      );
    }),
);

postgresTest(
  "a replay that was interrupted sends the rest when it is resumed",
  () =>
    withStore(async ({ store, admin }) => {
      await process(store, batchOf(newOrders(50, "a")));
      const first = (await Array.fromAsync((await admin.acceptedSlice(ACCEPTED)).items())).slice(0, 20);
      const batch = batchOf(first.map(({ order }) => order), { from: 50 });
      first.forEach(({ replayOf }, row) => replayOf !== undefined && batch.orders.setReplayOf(row, replayOf));
      await process(store, batch);
      const rest = await ids(await admin.acceptedSlice(ACCEPTED));
      assert.deepEqual(rest, newOrders(50, "a").slice(20).map(({ order_id }) => order_id));
    }),
);

postgresTest(
  "a replay takes the slice that is asked for, and a resumed one ends where it began",
  () =>
    withStore(async ({ store, admin }) => {
      const made = Array.from({ length: 6 }, (_, at) => {
        return order({ order_id: `o-${at}`, user: at % 2 === 0 ? "alice" : "carol", created_at: 1_000 * (at + 1) });
      });
      await admin.addMissing([{ name: "carol", status: "paid" }], []);
      await process(store, batchOf(made));
      const slice = async (filter: SliceFilter, run = RUN) => await admin.acceptedSlice({ ...ACCEPTED, run, filter });
      assert.deepEqual(await ids(await slice({ user: "carol" })), ["o-1", "o-3", "o-5"]);
      assert.deepEqual(await ids(await slice({ since: 2_000, until: 4_000 })), ["o-1", "o-2"]);
      assert.deepEqual(await ids(await slice({ item: "pen" })), []);
      await assert.rejects(slice({ from: 3 }), { exit: 64, message: /orders\.jsonl.* --since and --until/ });

      const begun = await slice({ limit: 4 });
      assert.deepEqual([begun.total, begun.until], [4, 6_001]);
      const [first] = await Array.fromAsync(begun.items());
      assert.deepEqual([first.isNew, first.order.created_at], [true, 1_000], "its time, for the pace");
      first.order.created_at = 8_000;
      const later = batchOf([first.order, order({ order_id: "later", created_at: 9_000 })], { from: 6 });
      later.orders.setReplayOf(0, first.replayOf!);
      await process(store, later);
      const rest = await slice({ limit: 4, until: begun.until });
      assert.deepEqual([await ids(rest), rest.counts.placed_before], [["o-1", "o-2", "o-3"], 1]);
    }),
);

postgresTest(
  "orders at the same offset of a topic that was created anew are all there, over page ends too",
  () =>
    withStore(async ({ store, admin }) => {
      const at = { topicId: "first" };
      await process(store, { ...batchOf(newOrders(1_500, "a")), ...at });
      await process(store, { ...batchOf(newOrders(1_499, "b"), { from: 1 }), topicId: "second" });
      const found = await ids(await admin.acceptedSlice(ACCEPTED));
      assert.equal(new Set(found).size, 2_999);
      const seen = { accepted: 0, rejected: 0 };
      const { accepted } = await admin.audit({ accepted: () => seen.accepted++, rejected: () => seen.rejected++ });
      assert.deepEqual([accepted, seen], [2_999, { accepted: 2_999, rejected: 0 }]);
    }),
);

postgresTest(
  "a redrive takes each rejected order once, by its last rejection, and ends where it began",
  () =>
    withStore(async ({ database, store, admin }) => {
      const slice = async (filter: SliceFilter = {}, sent: string[] = []) =>
        await admin.rejectedSlice({ filter, run: RUN, sent: new Set(sent) });
      assert.deepEqual(await ids(await slice()), []);
      await process(store, batchOf(newOrders(5, "bob", "bob")));
      await process(store, batchOf([order({ order_id: "bob-1", user: "eve" })], { from: 5 }));
      await process(store, batchOf([order({ order_id: "ok" }), order({ order_id: "ok" })], { from: 6 }));
      assert.deepEqual(await ids(await slice()), ["bob-0", "bob-2", "bob-3", "bob-4", "bob-1"]);
      assert.deepEqual((await slice()).counts, { accepted_since: 0, not_mendable: 1, sent_before: 0 });
      assert.deepEqual(await ids(await slice({ reason: "unknown-user" })), ["bob-1"]);
      assert.deepEqual(await ids(await slice({ user: "bob", limit: 2 })), ["bob-0", "bob-2"]);
      assert.deepEqual(await ids(await slice({ user: "bob", limit: 2 }, ["bob-0"])), ["bob-2"]);
      assert.deepEqual(await ids(await slice({ since: Date.now() + 60_000 })), []);
      await assert.rejects(slice({ from: 3 }), { exit: 64, message: /--since and --until/ });

      const begun = await slice();
      await database.sql("UPDATE rejected SET rejected_at = rejected_at - interval '1 minute'");
      const first = await slice();
      let from = 8;
      const sent: string[] = [];
      for await (const { order, runMark } of first.items()) {
        assert.equal(runMark, `${RUN} ${order.order_id}`);
        sent.push(order.order_id);
        const [verdict] = outcomes(await process(store, batchOf([order], { from: from++ })));
        assert.match(verdict, /^un/, "it is rejected again");
      }
      assert.equal(sent.length, 5);
      assert.ok(begun.until! > first.until!);
      const resumed = await slice({ until: first.until }, sent);
      assert.deepEqual([resumed.total, resumed.counts.sent_before, resumed.until], [0, 5, first.until]);

      await database.setUser("bob", "paid");
      await process(store, batchOf([order({ order_id: "bob-2", user: "bob" })], { from }));
      assert.deepEqual((await slice()).counts, { accepted_since: 1, not_mendable: 1, sent_before: 0 });
    }),
);
