import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "../../lib/errors.ts";
import { CHECKOUT } from "../../tools/stack/folders.ts";
import { type Finished, startTask, task } from "../support/commands.ts";
import { canRemount, remounted } from "../support/remounted.ts";

const NO_MOUNTS = !await canRemount();

/** Runs `up` in the checkout, which nobody can write to. */
async function up(args: string[]): Promise<Finished> {
  await using running = startTask(
    "up",
    ["--local", "--kafka-port", "0", "--registry-port", "0", ...args],
    {},
    remounted(CHECKOUT, "ro"),
  );
  return await running.end;
}

Deno.test({
  name: `up() in a read-only checkout says in one line how to start elsewhere${NO_MOUNTS ? " (needs mounts)" : ""}`,
  ignore: NO_MOUNTS,
  async fn() {
    const { code, stderr } = await up([]);
    assert.deepEqual([code, stderr.split("\n").length], [EXIT.config, 2], stderr);
    assert.match(stderr, /\.stack \(Read-only file system\): start it elsewhere with deno task up --data-dir FOLDER/);
  },
});

Deno.test({
  name: `up() in a read-only checkout starts in a folder that can be written${NO_MOUNTS ? " (needs mounts)" : ""}`,
  ignore: NO_MOUNTS,
  async fn() {
    const dataDir = Deno.makeTempDirSync({ prefix: "stack-test-" });
    try {
      const { code, stdout, stderr } = await up(["--data-dir", dataDir]);
      assert.equal(code, EXIT.ok, stderr);
      assert.match(stdout, /^export KAFKA_BOOTSTRAP_SERVERS=/m);
    } finally {
      await task("down", ["--purge", "--data-dir", dataDir], {});
    }
    assert.throws(() => Deno.statSync(join(dataDir, "stack.json")), Deno.errors.NotFound);
  },
});
