import assert from "node:assert/strict";
import { TextShown } from "../../../lib/cli/parse.ts";
import { ORDERS_COMMANDS } from "../../../lib/cli/program.ts";
import { VERSION } from "../../../lib/cli/version.ts";
import { EXIT, Failure } from "../../../lib/errors.ts";
import { CHECKOUT } from "../../../tools/stack/folders.ts";
import { run } from "../../../tools/orders.ts";

const NEVER = new AbortController().signal;

async function shown(...args: string[]): Promise<string> {
  const error = await run(args, NEVER).catch((error) => error);
  assert.ok(error instanceof TextShown, `${error}`);
  return error.message;
}

async function refusal(...args: string[]): Promise<string> {
  const error = await run(args, NEVER).catch((error) => error);
  assert.ok(error instanceof Failure && error.exit === EXIT.usage, `${error}`);
  return error.message;
}

Deno.test("orders lists its commands, and its version", async () => {
  const help = await shown("--help");
  for (const name of ORDERS_COMMANDS) assert.match(help, new RegExp(`^ {2}${name} +[A-Z]`, "m"));
  assert.match(await shown("--version"), new RegExp(`orders ${VERSION}$`));
});

Deno.test("orders refuses a word that is no command, and none, and does so for the flags of a command", async () => {
  assert.match(await refusal("verfiy"), /`verfiy`\. Did you mean `verify`\? /);
  assert.match(await refusal(), /^Say what to do/);
  assert.match(await refusal("constructor"), /`constructor`/);
  assert.match(await refusal("consume", "--until-edn"), /Did you mean `--until-end`\?/);
});

Deno.test("orders takes a command after dashes, as the tasks do", async () => {
  assert.match(await shown("--", "why", "--version"), /why /);
  assert.match(await refusal("--", "verfiy"), /Did you mean `verify`\?/);
});

Deno.test("orders gives up the right to write for a command that has none as a task", async () => {
  const stateAfter = async (name: string) => {
    const source = `
      import { run } from "./tools/orders.ts";
      await run(["${name}", "--help"], AbortSignal.any([])).catch(() => {});
      console.log(Deno.permissions.querySync({ name: "write", path: "storage" }).state);
    `;
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--ext=ts", source],
      cwd: CHECKOUT,
      stderr: "null",
    }).output();
    return new TextDecoder().decode(stdout).trim();
  };
  assert.deepEqual(await Promise.all(["consume", "bootstrap", "produce", "why"].map(stateAfter)), [
    "granted",
    "granted",
    "prompt",
    "prompt",
  ]);
});
