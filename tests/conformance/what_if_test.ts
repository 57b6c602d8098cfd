import assert from "node:assert/strict";
import { join } from "node:path";
import { FileAdmin } from "../../lib/files/admin/file_admin.ts";
import { judgeAgain, type WhatIfReport } from "../../lib/judge_again.ts";
import { nameKey, type User } from "../../lib/order.ts";
import { openAdmin } from "../../lib/postgres/admin/open_admin.ts";
import type { Alteration } from "../../lib/what_if.ts";
import { alteredStock, alteredUsers, numbersIn } from "../../tools/whatif/altered_files.ts";
import { live, PAST_USERS, type PastEvent, pastItems, pastOf, type PastWorld } from "../support/past.ts";
import { postgresTest } from "../support/postgres.ts";
import { TestDatabase } from "../support/postgres_database.ts";
import { TestStorage } from "../support/storage.ts";

/** Orders of the past that is judged again; a million take some minutes. */
const ORDERS = Number(Deno.env.get("WHATIF_ORDERS") ?? 3_000);
const SEED = 7;

interface Contents {
  users: Record<string, string>;
  items: Record<string, number>;
}

const sample: Contents = { users: PAST_USERS, items: pastItems(ORDERS) };

async function inFolder(contents: Contents): Promise<PastWorld & { storage: TestStorage }> {
  const storage = await TestStorage.create(contents);
  return {
    storage,
    store: await storage.open(),
    admin: new FileAdmin(storage.folder, storage.warn),
    setUser: (user, status) => storage.setUser(user, status),
    setStock: (item, quantity) => storage.setStock(item, quantity),
    [Symbol.asyncDispose]: () => storage[Symbol.asyncDispose](),
  };
}

async function inDatabase(contents: Contents): Promise<PastWorld> {
  const database = await TestDatabase.create(contents);
  const admin = await openAdmin(database.connection, assert.fail);
  return {
    store: await database.open(),
    admin,
    setUser: (user, status) => database.setUser(user, status),
    setStock: (item, quantity) => database.setStock(item, quantity),
    [Symbol.asyncDispose]: async () => {
      await admin.close();
      await database[Symbol.asyncDispose]();
    },
  };
}

async function ask({ admin }: PastWorld, alteration: Alteration, limit = Infinity): Promise<WhatIfReport> {
  const { stock } = alteration;
  const [stop, progress] = [new AbortController().signal, () => {}];
  return await admin.contents(
    (contents) => judgeAgain(contents, alteration, { limit, stop, progress }),
    { asOf: stock && numbersIn(stock) },
  );
}

const usersOf = (users: Record<string, string>): ReadonlyMap<string, User> =>
  new Map(Object.entries(users).map(([name, status]) => [nameKey(name), { name, status }]));
const stockOf = (items: Record<string, number>) =>
  new Map(Object.entries(items).map(([item, quantity]) => [nameKey(item), { item, quantity }]));

function differencesIn({ differences }: WhatIfReport): Map<string, string> {
  return new Map(differences.map(({ past: { partition, offset }, was, wouldBe }) => [
    `${partition}/${offset}`,
    `${was} -> ${wouldBe}`,
  ]));
}

function conformance(
  name: string,
  create: (contents: Contents) => Promise<PastWorld>,
  register: (name: string, run: () => Promise<void>) => void = Deno.test,
): void {
  register(
    `${name}: what-if without an alteration differs in nothing, whatever was edited and read again`,
    async () => {
      await using world = await create(sample);
      const past = pastOf(ORDERS, SEED);
      const outcomes = await live(world, past);
      const openings = stockOf({ ...sample.items, lamp: 20 });
      assert.equal((await ask(world, { stock: openings })).different, 0, "nor with what items were created with");
      await live(world, past.filter((event) => "orders" in event && event.partition === 0), outcomes);
      const report = await ask(world, {});
      assert.deepEqual([report.judged, report.different, report.changes], [ORDERS, 0, []]);
      const verdicts = new Set(outcomes.values());
      assert.equal(verdicts.size, 8, `the past has every verdict: ${[...verdicts].join()}`);
      assert.deepEqual(
        report.items.filter(({ start, end }) => start.was !== start.wouldBe || end.was !== end.wouldBe),
        [],
      );
      assert.equal((await ask(world, { stock: openings })).different, 0, "nor after it was read again");
    },
  );

  register(`${name}: what-if says what a store would have done that had begun otherwise`, async () => {
    const altered: Contents = {
      users: { alice: "paid", bob: "paid", carol: "unpaid", eve: "paid" },
      items: { ...sample.items, "item-0": 0, "item-1": sample.items["item-1"] * 2, "no-such-item": 30 },
    };
    delete altered.items["item-5"];
    const LAMPS = 40; // in place of 20, when they came
    await using world = await create(sample);
    await using other = await create(altered);
    const past = pastOf(ORDERS, SEED);
    const was = await live(world, past);
    const isLamp = (event: PastEvent) => "item" in event && event.item === "lamp";
    const otherPast = past.filter((event) => !("user" in event))
      .map((event) => isLamp(event) ? { item: "lamp", more: LAMPS } : event);
    const wouldBe = await live(other, otherPast);
    const expected = [...was].filter(([place, verdict]) => wouldBe.get(place) !== verdict)
      .map(([place, verdict]) => [place, `${verdict} -> ${wouldBe.get(place)}`] as const);
    const report = await ask(world, {
      users: usersOf(altered.users),
      stock: stockOf({ ...altered.items, lamp: LAMPS }),
    });
    assert.deepEqual(new Map([...differencesIn(report)].sort()), new Map(expected.sort()));
    assert.equal(report.different, expected.length);
    assert.ok(report.changes.length >= 6, "many kinds of changes");
    const left = Object.fromEntries((await other.admin.items()).map(({ name, quantity }) => [name, quantity]));
    const ends = report.items.flatMap(({ item, end }) => end.wouldBe === null ? [] : [[item, end.wouldBe] as const]);
    assert.deepEqual(Object.fromEntries(ends.sort()), Object.fromEntries(Object.entries(left).sort()));
  });

  register(
    `${name}: what-if names users whose status was edited since, where the file says what the store says`,
    async () => {
      await using world = await create(sample);
      await live(world, pastOf(ORDERS, SEED));
      const now = Object.fromEntries((await world.admin.users()).map(({ name, status }) => [name, status]));
      const report = await ask(world, { users: usersOf(now) });
      assert.ok(report.different > 0);
      const owners = report.editedSince.map(({ user, was, now }) => `${user}: ${was} -> ${now}`).sort();
      assert.deepEqual(owners, ["bob: unpaid -> paid", "carol: paid -> unpaid"]);
      const others = report.differences.filter(({ isStatusOfNow }) => !isStatusOfNow);
      const knockOn = new Set(["insufficient-stock", "accepted", "duplicate", "order-id-conflict"]);
      for (const { was, wouldBe } of others) {
        assert.ok(knockOn.has(was), "the others follow from those by stock or id");
        assert.ok(knockOn.has(wouldBe) || was === "duplicate" || was === "order-id-conflict");
      }
    },
  );

  register(
    `${name}: what-if with --since leaves earlier orders alone and begins with the stock as it was then`,
    async () => {
      await using world = await create({ users: PAST_USERS, items: { book: 5 } });
      const order = (order_id: string, created_at: number) => ({
        order_id,
        user: "alice",
        item: "book",
        quantity: 2,
        created_at,
      });
      const orders = [order("a", 1), order("b", 2), order("c", 3), order("a", 4), order("d", 5)];
      await live(world, [{ orders, partition: 0, from: 0 }]);
      const report = await ask(world, { stock: stockOf({ book: 6 }), since: 3 });
      assert.deepEqual([report.judged, report.passed], [3, 2]);
      assert.deepEqual([...differencesIn(report).values()], [
        "insufficient-stock -> accepted",
        "insufficient-stock -> accepted",
      ]);
      assert.deepEqual(report.items, [{
        item: "book",
        start: { was: 1, wouldBe: 6 },
        end: { was: 1, wouldBe: 2 },
      }]);
    },
  );
}

conformance("FileStore", inFolder);
conformance("PostgresStore", inDatabase, postgresTest);

Deno.test("what-if with a copy of inventory.csv differs by what was changed in it, at any later time", async () => {
  await using world = await inFolder({ users: PAST_USERS, items: { book: 5, pen: 9 } });
  const { storage } = world;
  const order = (order_id: string, item = "book") => ({ order_id, user: "alice", item, quantity: 2, created_at: 1 });
  await live(world, [{ orders: [order("a"), order("b"), order("p", "pen")], partition: 0, from: 0 }]);
  await world.store.checkpoint();
  const unchanged = storage.text("inventory.csv");
  const file = join(storage.folder, "altered.csv");
  const later = [{ orders: [order("c"), order("d")], partition: 0, from: 3 }, { item: "pen", more: 4 }];
  for (const past of [[], later] satisfies PastEvent[][]) {
    await live(world, past);
    Deno.writeTextFileSync(file, unchanged);
    assert.equal((await ask(world, { stock: alteredStock(file) })).different, 0);
    const same = (await ask(world, { stock: alteredStock(file) })).items;
    for (const { start, end } of same) assert.deepEqual([start.was, end.was], [start.wouldBe, end.wouldBe]);
  }
  Deno.writeTextFileSync(file, unchanged.replace("book,1,", "book,3,"));
  const report = await ask(world, { stock: alteredStock(file) });
  assert.deepEqual([...differencesIn(report)], [["0/3", "insufficient-stock -> accepted"]]);
  assert.deepEqual(report.items[0], { item: "book", start: { was: 5, wouldBe: 7 }, end: { was: 1, wouldBe: 1 } });
  const users = join(storage.folder, "users.csv");
  assert.equal((await ask(world, { users: alteredUsers(users) })).different, 0);
});
