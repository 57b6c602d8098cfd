import assert from "node:assert/strict";
import { eventually } from "../../../support/commands.ts";
import { batchOf, order, process, requireBalance, requireUntouched, TestStorage } from "../../../support/storage.ts";

const id = (order_id: string, given = {}) => order({ order_id, ...given });

Deno.test("FileStore.open() refuses a folder that is owned, and names the owner", async () => {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  const anonymous = await requireUntouched(storage, 75, () => storage.open());
  assert.match(
    anonymous.message,
    /is owned by another process; a storage folder takes one consumer: stop it first.* share a database \(DATABASE_URL, docs\/SCALING\.md\)$/,
  );
  store.describeOwner({ group: "shop", memberId: "m-1" });
  const named = await requireUntouched(storage, 75, () => storage.open());
  assert.match(named.message, new RegExp(`is owned by process ${Deno.pid} \\(group shop, since \\d{4}-`));
  await storage.close(store);
  const next = await storage.open();
  assert.deepEqual([next.lastMemberOf("shop"), next.lastMemberOf("other")], ["m-1", undefined]);
});

Deno.test("FileStore.process() refuses a log that somebody else replaced, grew or removed", async () => {
  const foreign = {
    grown: (path: string) => Deno.writeTextFileSync(path, "{}\n", { append: true }),
    cut: (path: string) => Deno.truncateSync(path, 5),
    removed: (path: string) => Deno.removeSync(path),
    replaced(path: string) {
      Deno.copyFileSync(path, `${path}.new`);
      Deno.renameSync(`${path}.new`, path);
    },
  };
  for (const [how, change] of Object.entries(foreign)) {
    await using storage = await TestStorage.create();
    const store = await storage.open();
    await process(store, batchOf([id("a")]));
    change(storage.layout.orders);
    const failure = await requireUntouched(storage, 65, () => process(store, batchOf([id("b")], { from: 1 })));
    assert.match(failure.message, /orders\.jsonl was replaced or changed by somebody else; nothing was written/, how);
  }
});

Deno.test("FileStore.open() removes what a crash left of a file that was being replaced", async () => {
  await using storage = await TestStorage.create();
  storage.save("inventory.csv.tmp", "item,quan");
  storage.save("users.csv.tmp", "");
  await storage.open();
  assert.deepEqual([...storage.files().keys()].filter((name) => name.endsWith(".tmp")), []);
});

Deno.test("FileStore lets a tool have its turn while batches come in a tight loop", async () => {
  await using storage = await TestStorage.create({ items: { book: 1_000_000 } });
  const store = await storage.open();
  let stop = false;
  let offset = 0;
  const loop = (async () => {
    while (!stop) await process(store, batchOf([id(`o-${offset}`)], { from: offset++ }));
  })();
  try {
    for (const quantity of [500, 400, 300]) {
      let done = false;
      const edit = storage.setStock("pen", quantity).then(() => done = true);
      await eventually("the tool's edit is done", () => done || undefined);
      await edit;
    }
  } finally {
    stop = true;
    await loop;
  }
  await storage.close(store);
  assert.equal(requireBalance(storage).pen, 300);
});
