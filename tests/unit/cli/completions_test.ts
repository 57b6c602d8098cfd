import assert from "node:assert/strict";
import deno from "../../../deno.json" with { type: "json" };
import { type Finished, task } from "../../support/commands.ts";

function has(shell: string): boolean {
  try {
    return new Deno.Command(shell, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/** A test of a shell that may not be there. */
function shellTest(shell: string, name: string, work: (script: string) => Promise<void>): void {
  const ignore = !has(shell);
  Deno.test({
    name: ignore ? `${name} (install ${shell} to test this)` : name,
    ignore,
    fn: () => withScript(shell, work),
  });
}

async function withScript(shell: string, work: (script: string) => Promise<void>): Promise<void> {
  const { code, stdout, stderr } = await task("completions", [shell], {});
  assert.equal(code, 0, stderr);
  const script = await Deno.makeTempFile({ prefix: "completions-" });
  try {
    await Deno.writeTextFile(script, stdout);
    await work(script);
  } finally {
    await Deno.remove(script);
  }
}

async function run(shell: string, args: string[]): Promise<string[]> {
  const output = await new Deno.Command(shell, { args, stdin: "null" }).output();
  const { code, stdout, stderr }: Finished = {
    code: output.code,
    stdout: new TextDecoder().decode(output.stdout),
    stderr: new TextDecoder().decode(output.stderr),
  };
  assert.deepEqual([code, stderr], [0, ""]);
  return stdout.split(/\s+/).filter(Boolean);
}

/** What bash, or zsh in its manner, completes these words to; the last one is begun. */
async function inBash(shell: "bash" | "zsh", script: string, line: string): Promise<string[]> {
  const words = line.split(" ");
  const call = `_order_pipeline_${["deno", "orders"].includes(words[0]) ? words[0] : "program"}`;
  const state = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}`;
  const body = `${state}; ${call} '${words[0]}'; echo "\${COMPREPLY[@]}"`;
  if (shell === "bash") return await run("bash", ["--norc", "-c", `. "${script}"; ${body}`]);
  const asCompinit = "setopt kshglob; emulate -L sh; setopt kshglob noshglob braceexpand ksharrays";
  const offered = await run("zsh", ["-f", "-c", `. "${script}" 2>/dev/null; f() { ${asCompinit}; ${body}; }; f`]);
  return offered.filter((word) => word.startsWith(words.at(-1)!)); // its compgen leaves that to zsh's own matching
}

for (const shell of ["bash", "zsh"] as const) {
  shellTest(shell, `completions ${shell} completes tasks, flags, values, subcommands and arguments`, async (script) => {
    assert.deepEqual(await inBash(shell, script, "deno task prod"), ["produce"]);
    assert.deepEqual(await inBash(shell, script, "deno task produce --ji"), ["--jitter"]);
    assert.deepEqual(await inBash(shell, script, "deno task produce --key "), ["item", "user", "same", "none"]);
    assert.deepEqual(await inBash(shell, script, "deno task produce --count "), []);
    assert.deepEqual(await inBash(shell, script, "deno task user "), [
      ..."show add update --help --version --json --storage --database --user --status".split(" "),
    ]);
    assert.deepEqual(await inBash(shell, script, "deno task user add --status p"), ["paid"]);
    assert.deepEqual(await inBash(shell, script, "deno task offsets reset --fr"), ["--from-file"]);
    assert.deepEqual(await inBash(shell, script, "deno task whatif --us"), ["--users"]);
    assert.deepEqual(await inBash(shell, script, "deno task dashboard --pl"), ["--play"]);
    assert.deepEqual(await inBash(shell, script, "./dist/consumer --unt"), ["--until-end"]);
    assert.deepEqual(await inBash(shell, script, "orders prod"), ["produce"]);
    assert.deepEqual(await inBash(shell, script, "orders user add --status p"), ["paid"]);
    assert.deepEqual(await inBash(shell, script, "deno task verify --ver"), ["--verbose", "--version"]);
    assert.deepEqual(await inBash(shell, script, "deno task drill st"), ["stale"]);
    assert.deepEqual(await inBash(shell, script, "deno task completions f"), ["fish"]);
    assert.deepEqual(await inBash(shell, script, "deno run x"), []);
  });
}

shellTest(
  "fish",
  "completions fish completes tasks, flags, values and subcommands, with what they mean",
  async (script) => {
    const complete = async (line: string) => {
      const lines = await run("fish", [
        "--no-config",
        "-c",
        `source ${script}; complete -C '${line}' | string replace -a ' ' _; true`,
      ]);
      return lines.filter((_, index) => !lines[index].startsWith("/"));
    };
    assert.deepEqual(await complete("deno task prod"), ["produce", "Send_sample_orders"]);
    assert.match((await complete("deno task produce --ji")).join("\t"), /^--jitter\tVary_each_wait_by_up_to_this_part/);
    assert.deepEqual((await complete("deno task produce --key ")).filter((word) => /^[a-z]+$/.test(word)), [
      "item",
      "none",
      "same",
      "user",
    ]);
    assert.ok((await complete("deno task user a")).includes("add"));
    assert.match((await complete("consumer --unt")).join("\t"), /^--until-end\tStop_when/);
    assert.match((await complete("orders consume --unt")).join("\t"), /^--until-end\tStop_when/);
    assert.deepEqual(await complete("orders prod"), ["produce", "Send_sample_orders"]);
  },
);

Deno.test("completions names the shell that was probably meant", async () => {
  const { code, stderr } = await task("completions", ["bahs"], {});
  assert.equal(code, 64);
  assert.match(stderr, /^error: [^\n]*Did you mean [`"]bash[`"]\?[^\n]*\n$/);
});

Deno.test("completions know the flags of every task but those for work on this repository", async () => {
  const { stdout } = await task("completions", ["bash"], {});
  const unknown = Object.keys(deno.tasks).filter((name) => !stdout.match(`'${name}'\\) known='[^']*--help`));
  assert.deepEqual(unknown, ["reference", "faults", "fuzz", "screenshots", "bench", "check", "test", "ok"]);
});
