import assert from "node:assert/strict";
import { EXIT } from "../../lib/errors.ts";
import { type Finished, ownWorld, RunningTask, task, taskCommand } from "../support/commands.ts";

const HAS_FULL_DEVICE = Deno.build.os === "linux";
const FULL = /^error: Cannot write to stdout: No space left on device \(os error 28\)\n/m;

/** Runs a task with the end of a shell's command line behind it, such as `> /dev/full`. */
async function piped(line: string, rest: string, env: Record<string, string>): Promise<Finished> {
  const [name, ...args] = line.split(" ");
  const script = `{ "$@"; echo "exit $?" >&2; } ${rest}`;
  const { stdout, stderr } = await new RunningTask(
    taskCommand(name, args, env, ["sh", "-c", script, "sh"]).spawn(),
  ).end;
  const [, said, code] = /^(.*)exit (\d+)\n$/s.exec(stderr)!;
  return { code: Number(code), stdout, stderr: said };
}

Deno.test({
  name: "every command ends with 74 and one line where its output gets nowhere",
  ignore: !HAS_FULL_DEVICE,
  async fn() {
    using world = ownWorld();
    await task("bootstrap", [], world.env);
    await task("produce", ["--count", "3", "--delay", "0", "--mix", "poison=100"], world.env);
    await task("consume", ["--until-end"], world.env);
    const lines = [
      "produce --help",
      "produce --count 1",
      "produce --count 1 --json",
      "inventory show",
      "inventory show --json",
      "user show",
      "user add --user dave --status paid",
      "bootstrap",
      "verify --offline",
      "why no-such-order --offline",
      "dlq --json",
      "doctor",
    ];
    for (const line of lines) {
      const { code, stderr } = await piped(line, "> /dev/full", world.env);
      assert.equal(code, EXIT.io, `${line}: ${stderr}`);
      assert.match(stderr, FULL);
      assert.equal(stderr.match(/error:/g)?.length, 1, stderr);
    }
    const { code, stderr } = await piped("produce --dry-run --count 0 --seed x", "> /dev/full", world.env);
    assert.deepEqual([code, stderr.replace("--seed x\n", "").match(FULL)?.index], [EXIT.io, 0], stderr);
    assert.match((await task("user", ["show"], world.env)).stdout, /dave/);
  },
});

Deno.test({
  name: "a consumer whose output gets nowhere stops between two batches, and none of its work is lost or repeated",
  ignore: !HAS_FULL_DEVICE,
  async fn() {
    for (const [rest, exit, said] of [["> /dev/full", EXIT.io, FULL], ["| head -n 1", EXIT.ok, /^$/]] as const) {
      using world = ownWorld();
      await task("bootstrap", [], world.env);
      await task("produce", ["--count", "200", "--delay", "0", "--seed", "a"], world.env);
      const { code, stderr } = await piped("consume --verbose", rest, world.env);
      assert.equal(code, exit, stderr);
      assert.match(stderr.replace(/^rejected .*\n/gm, "").replace(/^ {4}at .*\n/gm, ""), said);
      const again = await task("consume", ["--until-end"], world.env);
      assert.equal(again.code, EXIT.ok, again.stderr);
      assert.doesNotMatch(again.stdout, /accepted before/);
      const verified = await task("verify", [], world.env);
      assert.equal(verified.code, EXIT.ok, verified.stdout + verified.stderr);
    }
  },
});

Deno.test("a reader who has seen enough ends a command in silence", async () => {
  using world = ownWorld();
  await task("bootstrap", [], world.env);
  for (const line of ["produce --dry-run --count 0 --seed x", "produce --count 0 --delay 0.01 --seed x"]) {
    const { code, stdout, stderr } = await piped(line, "| head -n 1", world.env);
    assert.deepEqual([code, stderr.replace("--seed x\n", "")], [EXIT.ok, ""], line);
    assert.equal(stdout.split("\n").length, 2);
  }
});
