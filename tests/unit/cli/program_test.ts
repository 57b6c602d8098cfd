import assert from "node:assert/strict";
import deno from "../../../deno.json" with { type: "json" };
import { asCalled, ORDERS_COMMANDS, type Program, PROGRAMS } from "../../../lib/cli/program.ts";

Deno.test("asCalled() names a command as the program calls it, and a task that no program does as it is", () => {
  const text = "deno task consume, or deno task migrate-store --to files; start it with deno task up";
  assert.equal(asCalled(text), text);
  assert.equal(
    asCalled(text, "orders"),
    "orders consume, or orders migrate-store --to files; start it with deno task up",
  );
  assert.equal(
    asCalled(text, "consumer"),
    "consumer, or orders migrate-store --to files; start it with deno task up",
  );
});

Deno.test("each program, and each command of orders, is a task", () => {
  const tasks = Object.keys(deno.tasks);
  const done = Object.keys(PROGRAMS).filter((name) => name !== "orders").map((name) => PROGRAMS[name as Program]);
  assert.deepEqual([...done, ...ORDERS_COMMANDS].filter((task) => !tasks.includes(task)), []);
});
