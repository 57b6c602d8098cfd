import assert from "node:assert/strict";
import { EXIT } from "../../lib/errors.ts";
import { type Finished, ownWorld, RunningTask, task, taskCommand } from "../support/commands.ts";
import { canRemount, remounted } from "../support/remounted.ts";
import { batchOf, order, process, TestStorage } from "../support/storage.ts";

/** Runs a task on a storage folder that is mounted read-only; the mount goes with the task. */
async function readOnly(line: string, env: Record<string, string>): Promise<Finished> {
  const [name, ...args] = line.split(" ");
  return await new RunningTask(taskCommand(name, args, env, remounted(env.STORAGE_DIR, "ro")).spawn()).end;
}

const CAN_MOUNT = await canRemount();

Deno.test({
  name: "what only reads works on a read-only storage, and is right before any checkpoint" +
    (CAN_MOUNT ? "" : " (skipped: needs mount namespaces)"),
  ignore: !CAN_MOUNT,
  async fn(t) {
    using world = ownWorld();
    await using made = await killedStorage();
    const env = { ...world.env, STORAGE_DIR: made.folder };
    const before = made.files();
    const ok = async (line: string) => {
      const { code, stdout, stderr } = await readOnly(line, env);
      assert.equal(code, EXIT.ok, `${line}: ${stderr}`);
      return stdout;
    };
    await t.step("inventory show", async () => {
      const stock = JSON.parse(await ok("inventory show --json"));
      assert.deepEqual(stock, [{ item: "book", quantity: 8 }, { item: "pen", quantity: 30 }]);
    });
    await t.step("user show", async () => assert.match(await ok("user show"), /alice +paid/));
    await t.step(
      "why",
      async () => assert.match(await ok("why a --offline"), /now +alice is paid, stock of book is 8/),
    );
    await t.step("verify", async () => assert.match(await ok("verify --offline"), /verify: ok \(2 items, 1 accepted/));
    await t.step(
      "whatif",
      async () => assert.match(await ok("whatif"), /^2 orders judged: none would be judged otherwise/),
    );
    await t.step("replay", async () => {
      assert.equal(JSON.parse(await ok("replay --dry-run")).replay_of, "a");
      assert.equal(JSON.parse(await ok("replay --rejected --dry-run")).order_id, "b");
    });
    await t.step("produce", async () => {
      assert.equal((await ok("produce --dry-run --count 2")).split("\n").length, 3);
      assert.match(await ok("produce --count 2 --delay 0"), /2 sent in/);
    });
    assert.deepEqual(made.files(), before);
  },
});

Deno.test({
  name: "what writes says in one line that it cannot, where the storage is read-only" +
    (CAN_MOUNT ? "" : " (skipped: needs mount namespaces)"),
  ignore: !CAN_MOUNT,
  async fn() {
    using world = ownWorld();
    await task("bootstrap", [], world.env);
    for (const line of ["inventory update --item pen --quantity 1", "user add --user x --status paid", "consume"]) {
      const { code, stderr } = await readOnly(line, world.env);
      assert.equal(code, EXIT.config, stderr);
      assert.match(stderr, /^error: Cannot write \S+: Read-only file system.*; make the storage folder writable.*\n$/);
    }
  },
});

/** With an accepted and a rejected order, an edit, and the CSV as it was before them; its consumer is gone. */
async function killedStorage(): Promise<TestStorage> {
  await using storage = await TestStorage.create();
  const store = await storage.open();
  await process(store, batchOf([order({ order_id: "a", quantity: 2 }), order({ order_id: "b", user: "bob" })]));
  const csv = storage.text("inventory.csv");
  await storage.setStock("pen", 30);
  const copy = storage.copy();
  copy.save("inventory.csv", csv);
  return copy;
}
