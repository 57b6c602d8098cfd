import assert from "node:assert/strict";
import { join } from "node:path";
import { VERSION } from "../../lib/cli/version.ts";
import { EXIT, Failure } from "../../lib/errors.ts";
import { configure, run } from "../../tools/compile.ts";
import { task } from "../support/commands.ts";
import { namesIn } from "../support/programs.ts";

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "orders-dist-" });
  try {
    await work(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("compile makes a program that runs, or says in one line that Deno's runtime cannot be downloaded", async () => {
  await withFolder(async (folder) => {
    const { code, stdout, stderr } = await task("compile", ["orders", "--out", folder], { DENORT_BIN: "" });
    if (code === EXIT.ok) {
      const made = await new Deno.Command(join(folder, "orders"), { args: ["--version"], clearEnv: true }).output();
      assert.equal(new TextDecoder().decode(made.stdout), `orders ${VERSION}\n`);
      return;
    }
    assert.deepEqual([code, stdout], [EXIT.unavailable, ""], stderr);
    assert.match(stderr, /^error: Cannot download Deno's runtime from https:\S+: .*DENORT_BIN.*--self-extracting\n$/);
    assert.deepEqual(namesIn(folder), []);
  });
});

Deno.test("compile takes the runtime in DENORT_BIN, and leaves no program that does not run", async () => {
  await withFolder(async (folder) => {
    const refusal = async (DENORT_BIN: string) => {
      const { code, stderr } = await task("compile", ["orders", "--out", folder], { DENORT_BIN });
      assert.deepEqual([code, namesIn(folder)], [EXIT.config, []], stderr);
      return stderr;
    };
    assert.match(await refusal("/no/such"), /^error: DENORT_BIN names \/no\/such, which is not there\n$/);
    // Deno itself takes what follows for its own arguments.
    assert.match(
      await refusal(Deno.execPath()),
      /^error: orders does not start with DENORT_BIN=.* denort of Deno .*\n$/,
    );
  });
});

Deno.test("compile says in one line that it cannot write where it should, and leaves nothing half made", async () => {
  await withFolder(async (folder) => {
    const name = "orders-self-extracting";
    Deno.mkdirSync(join(folder, name));
    const { code, stdout, stderr } = await task("compile", ["orders", "--self-extracting", "--out", folder], {});
    assert.deepEqual([code, stdout], [EXIT.io, ""], stderr);
    assert.match(stderr, /^error: Cannot write to [^\n]+: Is a directory [^\n]+\n$/);
    assert.deepEqual(namesIn(folder), [name]);
  });
});

Deno.test("compile refuses a program that there is not, and to pack this Deno for another machine", async () => {
  const { code, stderr } = await task("compile", ["consumre"], {});
  assert.equal(code, EXIT.usage);
  assert.match(stderr, /^error: .*Did you mean `consumer`\?.*\n$/);
  const other = Deno.build.os === "darwin" ? "x86_64-unknown-linux-gnu" : "x86_64-apple-darwin";
  assert.equal((await task("compile", ["--self-extracting", "--target", other], {})).code, EXIT.usage);
});

Deno.test("compile does not end well when it is stopped before all is made", async () => {
  await withFolder(async (folder) => {
    const made = run(configure(["orders", "--self-extracting", "--out", folder]), AbortSignal.abort());
    await assert.rejects(made, (error) => error instanceof Failure && error.exit === EXIT.failed);
    assert.deepEqual(namesIn(folder), []);
  });
});
