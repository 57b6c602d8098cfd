import assert from "node:assert/strict";
import fc from "fast-check";
import type { Verdict } from "../../lib/verdicts.ts";
import type { OrderBatch, OrderStore } from "../../lib/ports.ts";
import { restartAt } from "../support/restart_at.ts";
import { batchOf, order, outcomes, partitionOf, process } from "../support/storage.ts";

/** A store for the conformance suite, with access to what it keeps; it is removed when disposed. */
export interface StoreHarness extends AsyncDisposable {
  /** Whether the store itself says where reading goes on, always. */
  readonly keepsPosition: boolean;
  open(): Promise<OrderStore>;
  close(store: OrderStore): Promise<void>;
  /** Leaves the store as a process does that is killed now; the next {@linkcode open} is its successor's. */
  abandon(store: OrderStore): Promise<void>;
  /** Stock by item as a person sees it once a checkpoint was made. */
  stock(): Promise<Record<string, number>>;
  /** Accepted order_ids, oldest first. */
  accepted(): Promise<string[]>;
  /** Everything a rejected order must leave as it is, down to the byte. */
  fingerprint(): Promise<string>;
  /** Whether the store says that this offset was read. */
  hasRead(partition: number, offset: number): Promise<boolean>;
  /** What the tools do, from outside and while the store is open. */
  setUser(user: string, status: string): Promise<void>;
  setStock(item: string, quantity: number): Promise<void>;
}

export interface StoreContents {
  users: Record<string, string>;
  items: Record<string, number>;
}

const CONTENTS: StoreContents = {
  users: { alice: "paid", bob: "unpaid", ["__proto__"]: "paid" },
  items: { book: 10, pen: 50, constructor: 1 },
};
const id = (order_id: string, given = {}) => order({ order_id, ...given });

/** What the store makes of a batch. One that keeps positions is given a batch from elsewhere after a reset only. */
async function deliver(store: OrderStore, batch: OrderBatch): Promise<Verdict[]> {
  const at = partitionOf(batch.partition);
  const position = await store.resumeAt(at);
  if (position !== undefined && position !== batch.from) await restartAt(store, at, batch.from);
  return await process(store, batch);
}

/** One suite for every {@linkcode OrderStore}: registers its tests under `name`. */
export function orderStoreConformance(
  name: string,
  create: (contents: StoreContents) => Promise<StoreHarness>,
  register: (name: string, run: () => Promise<void>) => void = Deno.test,
): void {
  const test = (what: string, run: (harness: StoreHarness, store: OrderStore) => Promise<unknown>) =>
    register(`${name} ${what}`, async () => {
      await using harness = await create(CONTENTS);
      await run(harness, await harness.open());
    });

  test("takes an accepted order off the stock and logs it once", async (harness, store) => {
    const verdicts = await deliver(store, batchOf([id("a", { quantity: 3 })]));
    assert.deepEqual(outcomes(verdicts), ["accepted"]);
    assert.deepEqual(verdicts.map((verdict) => verdict.kind === "accepted" && [verdict.before, verdict.remaining]), [
      [10, 7],
    ]);
    await store.checkpoint();
    assert.equal((await harness.stock()).book, 7);
    assert.deepEqual(await harness.accepted(), ["a"]);
  });

  test("leaves stock and log as they are for each reason to reject", async (harness, store) => {
    await deliver(store, batchOf([id("known")]));
    await store.checkpoint();
    const before = await harness.fingerprint();
    const rejected = {
      "invalid-order-id": id(""),
      "invalid-name": id("r1", { user: "\x1b[2J" }),
      "invalid-quantity": id("r2", { quantity: 0 }),
      "unknown-user": id("r3", { user: "eve" }),
      "unpaid-user": id("r4", { user: "bob" }),
      "unknown-item": id("r5", { item: "toString" }),
      "insufficient-stock": id("r6", { quantity: 10 }),
      duplicate: id("known"),
      "order-id-conflict": id("known", { quantity: 2 }),
    };
    for (const [index, [reason, bad]] of Object.entries(rejected).entries()) {
      assert.deepEqual(outcomes(await deliver(store, batchOf([bad], { from: 1 + index }))), [reason]);
      await store.checkpoint();
      assert.equal(await harness.fingerprint(), before, reason);
    }
  });

  test("takes names such as __proto__ and constructor for ordinary ones", async (harness, store) => {
    const orders = [id("__proto__", { user: "__proto__", item: "constructor" }), id("x", { item: "__proto__" })];
    assert.deepEqual(outcomes(await deliver(store, batchOf(orders))), ["accepted", "unknown-item"]);
    await store.checkpoint();
    assert.equal((await harness.stock()).constructor, 0);
  });

  test("takes both spellings of a name from one stock", async (harness, store) => {
    await harness.setStock("caf\u00e9", 9);
    await deliver(store, batchOf(["\u00e9", "e\u0301", "\u00e9"].map((end, at) => id(`${at}`, { item: `caf${end}` }))));
    await store.checkpoint();
    assert.equal((await harness.stock())["caf\u00e9"], 6);
  });

  test("skips accepted orders that are delivered again, also after a restart", async (harness, store) => {
    const batch = batchOf([id("a"), id("b", { quantity: 2 })]);
    await deliver(store, batch);
    assert.deepEqual(outcomes(await deliver(store, batch)), ["redelivered", "redelivered"]);
    await harness.close(store);
    const again = await harness.open();
    assert.deepEqual(outcomes(await deliver(again, batch)), ["redelivered", "redelivered"]);
    await again.checkpoint();
    assert.deepEqual([await harness.accepted(), (await harness.stock()).book], [["a", "b"], 7]);
  });

  test("judges a rejected order again when it is delivered again", async (harness, store) => {
    const batch = batchOf([id("a", { user: "bob" })]);
    assert.deepEqual(outcomes(await deliver(store, batch)), ["unpaid-user"]);
    assert.deepEqual(outcomes(await deliver(store, batch)), ["unpaid-user"]);
    await harness.setUser("bob", "paid");
    assert.deepEqual(outcomes(await deliver(store, batch)), ["accepted"]);
    assert.deepEqual(await harness.accepted(), ["a"]);
  });

  test("tells a duplicate from a conflict at other coordinates, also after a restart", async (harness, store) => {
    await deliver(store, batchOf([id("a")]));
    await harness.close(store);
    const again = await harness.open();
    const other = batchOf([id("a"), id("a", { item: "pen" })], { partition: 1 });
    assert.deepEqual(outcomes(await deliver(again, other)), ["duplicate", "order-id-conflict"]);
  });

  test("accepts another order at coordinates it knows: the topic was recreated", async (harness, store) => {
    await deliver(store, batchOf([id("a")]));
    assert.deepEqual(outcomes(await deliver(store, batchOf([id("b")]))), ["accepted"]);
    assert.deepEqual(await harness.accepted(), ["a", "b"]);
  });

  test("shows others all of a batch or nothing", async (harness, store) => {
    const ids = Array.from({ length: 40 }, (_, index) => `pen-${index}`);
    let done = false;
    const seen = new Set<number>();
    const reading = (async () => {
      while (!done) seen.add((await harness.accepted()).length);
    })();
    await deliver(store, batchOf(ids.map((order_id) => id(order_id, { item: "pen" }))));
    done = true;
    await reading;
    assert.deepEqual([...seen].filter((count) => count !== 0 && count !== ids.length), []);
    assert.deepEqual(await harness.accepted(), ids);
  });

  test("goes on where a killed process was, and takes nothing twice", async (harness, store) => {
    const batches = [batchOf([id("a"), id("b", { user: "bob" })]), batchOf([id("c")], { from: 2 })];
    for (const batch of batches) await deliver(store, batch);
    await harness.abandon(store);
    const again = await harness.open();
    for (const batch of batches) await deliver(again, batch);
    await deliver(again, batchOf([id("d")], { from: 3 }));
    await again.checkpoint();
    assert.deepEqual([await harness.accepted(), (await harness.stock()).book], [["a", "c", "d"], 7]);
  });

  test("counts what tools change between two batches", async (harness, store) => {
    await deliver(store, batchOf([id("a")]));
    await harness.setStock("book", 2);
    await harness.setStock("car", 1);
    await harness.setUser("dave", "paid");
    const orders = [id("b", { quantity: 3 }), id("c", { quantity: 2, user: "dave" }), id("d", { item: "car" })];
    assert.deepEqual(outcomes(await deliver(store, batchOf(orders, { from: 1 }))), [
      "insufficient-stock",
      "accepted",
      "accepted",
    ]);
    await harness.setUser("dave", "unpaid");
    assert.deepEqual(outcomes(await deliver(store, batchOf([id("e", { user: "dave" })], { from: 4 }))), [
      "unpaid-user",
    ]);
    await store.checkpoint();
    const { book, car } = await harness.stock();
    assert.deepEqual([book, car], [0, 0]);
  });

  test("records the range of a batch without orders", async (harness, store) => {
    assert.deepEqual(await deliver(store, batchOf([], { from: 3, to: 7 })), []);
    assert.deepEqual(await deliver(store, batchOf([id("a")], { from: 9, to: 12 })).then(outcomes), ["accepted"]);
    const read = await Promise.all([2, 3, 6, 7, 8, 9, 11, 12].map((offset) => harness.hasRead(0, offset)));
    assert.deepEqual(read, [false, true, true, false, false, true, true, false]);
    assert.equal(await harness.hasRead(1, 3), false);
  });

  test("says where to restart once it was told, until it has read on", async (harness, store) => {
    const readTo = (offset: number) => harness.keepsPosition ? offset : undefined;
    await deliver(store, batchOf([id("a")], { from: 5 }));
    assert.equal(await store.resumeAt(partitionOf(0)), readTo(6));
    await restartAt(store, partitionOf(0), 2);
    const found = [partitionOf(0), partitionOf(1), partitionOf(0, "other")].map((at) => store.resumeAt(at));
    assert.deepEqual(await Promise.all(found), [2, undefined, undefined]);
    await harness.abandon(store);
    const again = await harness.open();
    assert.equal(await again.resumeAt(partitionOf(0)), 2);
    await deliver(again, batchOf([], { from: 2, to: 6 }));
    assert.equal(await again.resumeAt(partitionOf(0)), readTo(6));
  });

  test("makes nothing durable where judging fails, and goes on", async (harness, store) => {
    const before = await harness.fingerprint();
    await assert.rejects(store.process(batchOf([id("a")]), () => assert.fail("no verdict")), /no verdict/);
    assert.deepEqual([await harness.fingerprint(), await harness.hasRead(0, 0)], [before, false]);
    assert.deepEqual(outcomes(await deliver(store, batchOf([id("a")]))), ["accepted"]);
  });

  register(`${name} keeps the balance under any batches, edits, restarts and kills`, async () => {
    const anyStep = fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant("batch" as const), from: fc.nat(12), size: fc.nat(5) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("edit" as const), quantity: fc.nat(9) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("restart" as const, "kill" as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 12 }), async (steps) => {
        await using harness = await create(CONTENTS);
        let store = await harness.open();
        let book = CONTENTS.items.book;
        const accepted: string[] = [];
        for (const step of steps) {
          if (step.kind === "batch") {
            // Each offset has its own order, so that overlapping batches deliver some of them again.
            const orders = Array.from({ length: step.size }, (_, index) => id(`o-${step.from + index}`));
            for (const verdict of await deliver(store, batchOf(orders, step))) {
              if (verdict.kind !== "accepted") continue;
              accepted.push(verdict.received.order.order_id);
              assert.equal(verdict.remaining, --book);
            }
          } else if (step.kind === "edit") {
            await harness.setStock("book", book = step.quantity);
          } else {
            await (step.kind === "kill" ? harness.abandon(store) : harness.close(store));
            store = await harness.open();
          }
        }
        await store.checkpoint();
        assert.deepEqual([await harness.accepted(), (await harness.stock()).book], [accepted, book]);
        assert.equal(new Set(accepted).size, accepted.length);
      }),
      { numRuns: 40 },
    );
  });
}
