import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "../../lib/errors.ts";
import type { Finished } from "../support/commands.ts";
import { copyCheckout } from "../support/own_checkout.ts";

const FREE_PORTS = ["--local", "--kafka-port", "0", "--registry-port", "0"];
/** As in a new shell: the stack is the checkout's. */
const NOTHING_SET = { STORAGE_DIR: "", DATABASE_URL: "", KAFKA_BOOTSTRAP_SERVERS: "", SCHEMA_REGISTRY_URL: "" };

/** What a person sees, in this order; stderr is checked separately. */
const STORY = new RegExp(
  [
    "joined as [12] of 2: partition",
    "4\\. 20 orders",
    "kill -9 (?<pid>\\d+)\n",
    "waits until the group gives B up",
    "\n {2}A {2}joined as 1 of 1: partitions 0, 1, 2\n",
    "6\\. A stops\n {2}A {2}\\d+ orders: ",
    "Where to look next",
  ].join("[^]*"),
);
const VERDICTS = /^ {2}[AB] {2}(accepted|rejected|dead letter) /gm;

Deno.test("demo() on a database", async (t) => {
  const home = Deno.makeTempDirSync({ prefix: "demo-test-" });
  const checkout = join(home, "checkout");

  async function denoTask(...args: string[]): Promise<Finished> {
    const options: Deno.CommandOptions = { args: ["task", "-q", ...args], cwd: checkout, env: NOTHING_SET };
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), options).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: text(stdout), stderr: text(stderr) };
  }

  try {
    await copyCheckout(checkout);
    await denoTask("up", ...FREE_PORTS);
    for (const time of ["once", "and once more"]) {
      await t.step(`shows how two consumers share, and one takes over from one that is killed, ${time}`, async () => {
        const { code, stdout, stderr } = await denoTask("demo", "--postgres");
        assert.equal(code, EXIT.ok, stderr);
        const story = STORY.exec(stdout);
        assert.ok(story !== null, stdout);
        const verdicts = `${stdout}\n${stderr}`.match(VERDICTS)!;
        assert.equal(verdicts.length, 30, "a verdict for each order");
        for (const name of ["A", "B"]) assert.ok(verdicts.some((line) => line.startsWith(`  ${name}  `)), name);
        await assertGone(story.groups!.pid);
      });
    }
    await t.step("leaves the stack up, and a store that balances", async () => {
      const { stdout } = await denoTask("up");
      const url = /^export DATABASE_URL=(\S+)$/m.exec(stdout)![1];
      const verify = { args: ["task", "-q", "verify"], cwd: checkout, env: { ...NOTHING_SET, DATABASE_URL: url } };
      const { code, stdout: balance } = await new Deno.Command(Deno.execPath(), verify).output();
      assert.equal(code, EXIT.ok);
      assert.match(new TextDecoder().decode(balance), /^verify: ok \(3 items/m);
    });
    await t.step("refuses a storage folder beside it", async () => {
      const { code, stderr } = await denoTask("demo", "--postgres", "--storage", "other");
      assert.equal(code, EXIT.usage);
      assert.match(stderr, /^error: --postgres and --storage are two stores: give one of them\n$/);
    });
  } finally {
    await denoTask("down", "--purge");
    Deno.removeSync(home, { recursive: true });
  }
});

async function assertGone(pid: string): Promise<void> {
  const { success } = await new Deno.Command("sh", { args: ["-c", 'kill -0 "$0" 2>/dev/null', pid] }).output();
  assert.ok(!success, `process ${pid} is still there`);
}
