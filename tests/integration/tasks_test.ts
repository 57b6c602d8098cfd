import assert from "node:assert/strict";
import { join } from "node:path";
import deno from "../../deno.json" with { type: "json" };
import { EXIT } from "../../lib/errors.ts";
import { ownWorld } from "../support/commands.ts";
import { CHECKOUT } from "../../tools/stack/folders.ts";

const tasks: Record<string, { command: string }> = deno.tasks;
/** Those that are commands of ours; the others run Deno's own tools. */
const COMMANDS = Object.keys(tasks).filter((name) => !["check", "test", "ok"].includes(name));

/** `deno task NAME ARGS` itself, with its shell, and nothing in the environment but what is given. */
async function denoTask(name: string, args: readonly string[], env: Record<string, string>) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "-q", name, ...args],
    cwd: CHECKOUT,
    clearEnv: true,
    env: { HOME: Deno.env.get("HOME")!, ...env },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("each task shows its help and version where no program but deno is on the PATH", async () => {
  using world = ownWorld();
  const bin = join(world.storage, "bin");
  Deno.mkdirSync(bin);
  Deno.symlinkSync(Deno.execPath(), join(bin, "deno"));
  for (const name of COMMANDS) {
    const [help, version] = await Promise.all([
      denoTask(name, ["--help"], { PATH: bin }),
      denoTask(name, ["--version"], { PATH: bin }),
    ]);
    assert.deepEqual([help.code, help.stderr], [EXIT.ok, ""], name);
    assert.match(help.stdout, new RegExp(`Usage: deno task ${name}`));
    assert.deepEqual(version, { code: EXIT.ok, stdout: `${name} ${deno.version}\n`, stderr: "" });
  }
});

Deno.test("a task whose path Deno cannot be told to grant says so in one line, and runs nothing", async () => {
  for (const name of COMMANDS.filter((name) => tasks[name].command.includes("task_reads.ts"))) {
    for (const path of ["/tmp/a,b", "a,", "a  b"]) {
      const variable = tasks[name].command.includes(" storage") ? "STORAGE_DIR" : "KAFKA_SSL_CA_FILE";
      const { code, stdout, stderr } = await denoTask(name, ["show"], { [variable]: path });
      assert.deepEqual([code, stdout], [EXIT.config, ""], name);
      assert.match(stderr, new RegExp(`^error: ${variable} names a path with a comma.*\\n$`));
    }
  }
  const { code, stderr } = await denoTask("bootstrap", ["--storage", "/tmp/a,b"], {});
  assert.equal(code, EXIT.config);
  assert.match(stderr, /^error: Deno cannot grant a path with a comma, such as \/tmp\/a,b: .*\n$/);
});

Deno.test("a task takes its storage folder from STORAGE_DIR to the character", async () => {
  using world = ownWorld();
  for (const name of ["of a test", "ü;$HOME`x`", "it's", 'a "b"', "*", "a\\b", "~"]) {
    const STORAGE_DIR = join(world.storage, name);
    const { code, stderr } = await denoTask("bootstrap", [], { STORAGE_DIR });
    assert.equal(code, EXIT.ok, stderr);
    assert.ok(Deno.statSync(join(STORAGE_DIR, "users.csv")).isFile);
  }
});

Deno.test("SIGTERM to deno task reaches its script, and the script's exit code comes back", async () => {
  using world = ownWorld();
  await denoTask("bootstrap", [], world.env);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["task", "-q", "produce", "--dry-run", "--count", "0"],
    cwd: CHECKOUT,
    env: world.env,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  child.kill("SIGTERM");
  while (!(await reader.read()).done);
  assert.equal((await child.status).code, EXIT.ok);
});
