import assert from "node:assert/strict";
import deno from "../../../deno.json" with { type: "json" };
import { ORDERS_COMMANDS, type Program, PROGRAMS } from "../../../lib/cli/program.ts";
import { grantsOf } from "../../../tools/compile/grants.ts";

type Task = (typeof ORDERS_COMMANDS)[number];

function setOf(task: Task): string {
  return deno.tasks[task].command.match(/-P=\w+/g)!.at(-1)!.slice("-P=".length);
}

function envOf(task: Task): string[] {
  const { env } = deno.permissions[setOf(task) as keyof typeof deno.permissions];
  return (env as { allow: string[] }).allow;
}

const allowedEnv = (program: Program) =>
  grantsOf(program).flags.find((flag) => flag.startsWith("--allow-env="))!.slice("--allow-env=".length).split(",");

Deno.test("grantsOf() gives a program the script, the variables and the writing of its task, and V8's flags", () => {
  for (const [program, task] of Object.entries(PROGRAMS)) {
    if (task === "orders") continue;
    const { entry, flags, writesStorage } = grantsOf(program as Program);
    const { command } = deno.tasks[task];
    assert.ok(command.endsWith(` ${entry}`), program);
    assert.deepEqual(allowedEnv(program as Program), envOf(task));
    assert.equal(writesStorage, command.includes("--allow-write="), program);
    assert.equal(flags.some((flag) => flag.startsWith("--v8-flags=")), command.includes("--v8-flags="), program);
  }
});

Deno.test("grantsOf() gives orders the variables of all its commands", () => {
  const all = new Set(ORDERS_COMMANDS.flatMap(envOf));
  assert.deepEqual(allowedEnv("orders").toSorted(), [...all].sort());
});

Deno.test("grantsOf() lets no program run another, nor ask beyond files, network and variables by name", () => {
  const kinds = new Set((Object.keys(PROGRAMS) as Program[]).flatMap((program) => grantsOf(program).flags));
  const names = [...kinds].map((flag) => flag.split("=")[0]);
  assert.deepEqual([...new Set(names)].sort(), [
    "--allow-env",
    "--allow-net",
    "--ignore-env",
    "--no-prompt",
    "--v8-flags",
  ]);
});
