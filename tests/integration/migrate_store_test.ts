import assert from "node:assert/strict";
import { join } from "node:path";
import { FileSource } from "../../lib/files/admin/file_source.ts";
import { FileTarget } from "../../lib/files/admin/file_target.ts";
import { moveStore, type StoreSource, type StoreTarget } from "../../lib/move_store.ts";
import type { Order } from "../../lib/order.ts";
import { PostgresSource } from "../../lib/postgres/admin/postgres_source.ts";
import { PostgresTarget } from "../../lib/postgres/admin/postgres_target.ts";
import { openDatabase } from "../../lib/postgres/client/open_database.ts";
import { unwatched } from "../../lib/progress.ts";
import { type StoreSummary, summarize } from "../../lib/store_contents.ts";
import { CHECKOUT } from "../../tools/stack/folders.ts";
import { postgresTest } from "../support/postgres.ts";
import { TestDatabase } from "../support/postgres_database.ts";
import { watchedWork } from "../support/progress.ts";
import { restartAt } from "../support/restart_at.ts";
import { batchOf, order, outcomes, partitionOf, process, TestStorage } from "../support/storage.ts";

const warn = (sentence: string) => assert.match(sentence, /begins with a blank/);
const NAMES = ["alice", "__proto__", "cafe\u0301", "=cmd()", " eve", "O\"Brien, O'Neil", "名前", "a\\b", "🦕"];
/** Moves killed in each direction. */
const KILLS = 8;
/** Values with which no order is accepted, but which a rejected one may have. */
const INVALID = ["nul\0", "lone\ud800", "esc\x1b[2J", ""];

/** A storage folder that a consumer and tools have used for a while, orders of every kind in it. */
async function usedStorage(orders: number): Promise<TestStorage> {
  const storage = await TestStorage.create({
    users: { ...Object.fromEntries(NAMES.map((name) => [name, "paid"])), bob: "unpaid" },
    items: Object.fromEntries(NAMES.map((name) => [name, 1_000_000])),
  });
  const store = await storage.open();
  const any = (index: number): Order => {
    const name = NAMES[index % NAMES.length];
    const user = index % 10 === 9 ? "bob" : index % 10 === 8 ? INVALID[index % INVALID.length] : name;
    return order({ order_id: `${name}-${index}`, user, item: name, quantity: 1 + index % 3 });
  };
  for (let from = 0; from < orders; from += 500) {
    const batch = Array.from({ length: Math.min(500, orders - from) }, (_, index) => any(from + index));
    await process(store, batchOf(batch, { from, partition: (from / 500) % 3 }));
  }
  // A record that was rejected, then read again and accepted; and a reset.
  await process(store, batchOf([order({ order_id: "late", user: "carol", item: "alice" })], { from: 1_000_000 }));
  await storage.setUser("carol", "paid");
  await process(store, batchOf([order({ order_id: "late", user: "carol", item: "alice" })], { from: 1_000_000 }));
  await restartAt(store, partitionOf(7), 42);
  await storage.close(store);
  await storage.setStock("alice", 17);
  return storage;
}

async function move(to: "postgres" | "files", folder: string, database: TestDatabase, begin = unwatched) {
  const connection = await openDatabase(database.connection);
  const [source, target]: [StoreSource, StoreTarget] = to === "postgres"
    ? [new FileSource(folder, warn), new PostgresTarget(connection)]
    : [new PostgresSource(connection), new FileTarget(folder)];
  try {
    return await moveStore(source, target, { begin });
  } finally {
    await source.close();
    await target.close();
  }
}

async function filesIn(folder: string): Promise<StoreSummary> {
  const source = new FileSource(folder, warn);
  try {
    return (await source.read(summarize, unwatched))!;
  } finally {
    await source.close();
  }
}

postgresTest(
  "moveStore() brings all of it to PostgreSQL and back, hostile names and rejected orders included",
  async () => {
    await using storage = await usedStorage(1_000);
    await using database = await TestDatabase.empty();
    const before = await filesIn(storage.folder);

    const watched = watchedWork();
    const there = await move("postgres", storage.folder, database, watched.begin);
    assert.deepEqual(there?.from, before);
    assert.deepEqual(there?.to, before);
    await database.requireBalance();
    assert.deepEqual(
      [...storage.files().keys()].filter((name) => !name.startsWith(".")),
      [],
      "the folder was set aside",
    );

    const store = await database.open();
    const again = batchOf([order({ order_id: "alice-0", user: "alice", item: "alice" })]);
    assert.deepEqual(outcomes(await process(store, again)), ["redelivered"]);
    assert.equal(await store.resumeAt(partitionOf(7)), 42);
    await database.close(store);

    const back = await move("files", storage.folder, database, watched.begin);
    const [folder, place] = [storage.folder, `${database.connection.host}`];
    const works = watched.ended().join("\n");
    for (const work of [`Writing to ${folder}`, `Reading ${folder}`, "Checking the order log, bytes"]) {
      assert.ok(works.includes(work), `${work} is in ${works}`);
    }
    assert.match(works, new RegExp(`^Writing to .*${place}.*, orders$`, "m"));
    assert.deepEqual({ ...back!.from, "digest of the rest": 0 }, { ...before, "digest of the rest": 0 });
    assert.deepEqual(back!.to, back!.from);
    assert.deepEqual(await database.stock(), {}, "the tables were set aside");
    const files = await storage.open();
    assert.deepEqual(outcomes(await process(files, again)), ["redelivered"]);
    assert.equal(await files.resumeAt(partitionOf(7)), 42);
    const fresh = batchOf([order({ order_id: "new", user: "alice", item: "alice" })], { from: 5_000_000 });
    assert.deepEqual(outcomes(await process(files, fresh)), ["accepted"]);
    await storage.close(files);
  },
);

postgresTest("a move that is killed at any step, and run again, comes to the same end, both ways", async () => {
  await using storage = await usedStorage(1_500);
  await using database = await TestDatabase.empty();
  const before = await filesIn(storage.folder);
  await (await openDatabase(database.connection)).close(); // creates the tables once
  const steps = {
    postgres: await driveMove("postgres", storage.folder, { database }),
    files: await driveMove("files", storage.folder, { database }),
  };
  // One kill in each stretch of the steps, and one at each of the last, whose number differs by one or two.
  const stretches = Array.from(
    { length: KILLS },
    (_, kill) => (steps: number) => (kill + Math.random()) / KILLS * steps,
  );
  const ends = [2, 1, 0].map((left) => (steps: number) => steps - left);
  for (const at of [...stretches, ...ends]) {
    for (const to of ["postgres", "files"] as const) {
      const killAt = Math.ceil(at(steps[to]!));
      const killed = await driveMove(to, storage.folder, { database, killAt }) === undefined;
      if (killed) await driveMove(to, storage.folder, { database });
    }
    assert.deepEqual(await filesIn(storage.folder), before);
  }
});

/** How many steps a move took; undefined where it was killed before the step `killAt`. */
async function driveMove(
  to: "postgres" | "files",
  folder: string,
  { database, killAt = 0 }: { database: TestDatabase; killAt?: number },
): Promise<number | undefined> {
  const { success, signal, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", join(CHECKOUT, "tests/support/move_driver.ts"), to, folder, String(killAt)],
    env: { DATABASE_URL: database.url },
  }).output();
  assert.ok(success || signal === "SIGKILL", new TextDecoder().decode(stderr));
  return success ? Number(new TextDecoder().decode(stdout)) : undefined;
}

postgresTest(
  "moveStore() is refused where the other store is not free, and where the first does not add up",
  async () => {
    await using storage = await TestStorage.create();
    await using database = await TestDatabase.create();
    const files = storage.files();
    await assert.rejects(move("postgres", storage.folder, database), { exit: 65, message: /holds a store already/ });
    await assert.rejects(move("files", storage.folder, database), { exit: 65, message: /holds a store already/ });
    await database.sql("UPDATE inventory SET quantity = 7 WHERE item = 'book'");
    await assert.rejects(move("files", storage.folder, database), {
      exit: 65,
      message: /does not add up, book: stock is 7, expected 10/,
    });
    assert.deepEqual(storage.files(), files);
  },
);

postgresTest("moveStore() is refused while a consumer owns the folder", async () => {
  await using storage = await TestStorage.create();
  await using database = await TestDatabase.empty();
  const store = await storage.open();
  await assert.rejects(move("postgres", storage.folder, database), { exit: 75 });
  await storage.close(store);
});

postgresTest("moveStore() leaves a folder where it is in which a tool edits meanwhile", async () => {
  await using storage = await TestStorage.create();
  await using database = await TestDatabase.empty();
  for (const edit of [() => storage.setStock("book", 3), () => storage.setUser("bob", "paid")]) {
    const source = new FileSource(storage.folder, warn);
    const target = new PostgresTarget(await openDatabase(database.connection));
    const complete = target.complete.bind(target);
    target.complete = async () => {
      await edit();
      await complete();
    };
    await assert.rejects(moveStore(source, target), { exit: 75, message: /was edited meanwhile/ });
    await source.close();
    await target.close();
  }
  await move("postgres", storage.folder, database);
  assert.deepEqual(await database.stock(), { book: 3, pen: 50 });
});

postgresTest("a move that dies while files are set aside is finished by the next one", async () => {
  await using storage = await usedStorage(100);
  await using database = await TestDatabase.empty();
  const before = await filesIn(storage.folder);
  const rename = Deno.renameSync;
  let moved = 0;
  Deno.renameSync = (from, to) => {
    if (String(to).includes("backup-") && ++moved > 1) throw new Error("dies");
    rename(from, to);
  };
  try {
    await assert.rejects(move("postgres", storage.folder, database), /dies/);
  } finally {
    Deno.renameSync = rename;
  }
  assert.deepEqual(await database.stock(), {}, "no two stores at once");
  assert.equal(await move("postgres", storage.folder, database), undefined);
  assert.deepEqual([...storage.files().keys()].filter((name) => !name.startsWith(".")), []);
  assert.deepEqual((await move("files", storage.folder, database))?.to["accepted orders"], before["accepted orders"]);
});

postgresTest("moveStore() leaves a database where it is that judges on meanwhile", async () => {
  await using database = await TestDatabase.create();
  await using storage = TestStorage.of({});
  const store = await database.open();
  const connection = await openDatabase(database.connection);
  const source = new PostgresSource(connection);
  const target = new FileTarget(storage.folder);
  const complete = target.complete.bind(target);
  target.complete = async () => {
    await process(store, batchOf([order({ order_id: "late" })]));
    await complete();
  };
  await assert.rejects(moveStore(source, target), { exit: 75, message: /was used meanwhile/ });
  await source.close();
  assert.deepEqual(await database.accepted(), ["late"]);
  await database.requireBalance();
  assert.ok((await move("files", storage.folder, database)) !== undefined, "run again, it is moved");
  await database.close(store);
});
