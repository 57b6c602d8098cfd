import assert from "node:assert/strict";
import { join } from "node:path";
import { CHECKOUT } from "../../tools/stack/folders.ts";
import { type Block, blocksOf, type Step, stepsIn } from "../support/docs/blocks.ts";
import { isNotRun, NOT_RUN } from "../support/docs/not_run.ts";
import { hasPrivateMachines } from "../support/docs/private_machine.ts";
import { Walk } from "../support/docs/walk.ts";

/** Pages that are followed one after the other in one checkout, with one stack. */
const WALKS = [
  ["docs/tutorial.md"],
  ["README.md"],
  ["docs/guides/own-field.md", "docs/guides/own-rule.md"],
  ["docs/guides/recover.md"],
  ["docs/guides/scale-out.md"],
  ["docs/guides/secure-broker.md"],
];
/** No command of it is run here; `NOT_RUN` says why. */
const ONLY_READ = "docs/guides/service.md";
const PAGES = [...WALKS.flat(), ONLY_READ];

const IS_POSSIBLE = await hasPrivateMachines();

function isRun(step: Step): boolean {
  return !isNotRun(step);
}

/** Whether all of the block came out as shown. */
async function follow(walk: Walk, block: Block, t: Deno.TestContext): Promise<boolean> {
  if (block.language === "diff") return await t.step(`the change at ${block.place}`, () => walk.change(block));
  for (const step of stepsIn([block]).filter(isRun)) {
    if (!await t.step(step.command ?? step.place, () => walk.take(step))) return false;
  }
  return true;
}

for (const pages of WALKS) {
  Deno.test({
    name: `every command of ${pages.join(", ")} does what the page shows` +
      (IS_POSSIBLE ? "" : " (skipped: needs namespaces of its own)"),
    ignore: !IS_POSSIBLE,
    async fn(t) {
      await using walk = await Walk.begin();
      for (const page of pages) {
        walk.turnPage();
        for (const block of blocksOf(page)) {
          if (!await follow(walk, block, t)) return; // what comes after it needs it
        }
      }
    },
  });
}

Deno.test("every page with commands is followed by this test", () => {
  const guides = [...Deno.readDirSync(join(CHECKOUT, "docs/guides"))].map(({ name }) => name);
  const pages = guides.filter((name) => name.endsWith(".md")).map((name) => `docs/guides/${name}`);
  assert.deepEqual(PAGES.toSorted(), ["README.md", "docs/tutorial.md", ...pages].toSorted());
});

Deno.test("every command that is shown and not run has a reason, and no reason is left over", () => {
  const steps = PAGES.flatMap((page) => stepsIn(blocksOf(page)));
  for (const entry of NOT_RUN) {
    assert.ok(steps.some((step) => isNotRun(step, [entry])), `${entry.commands} is not shown in ${entry.page}`);
  }
  assert.deepEqual(stepsIn(blocksOf(ONLY_READ)).filter(isRun), []);
});

Deno.test("a block without a language has no command", () => {
  for (const { place, language, lines } of PAGES.flatMap(blocksOf)) {
    const commands = lines.filter((line) => /^(\$ )?(deno|npx|export) /.test(line));
    if (!["sh", "console", "diff"].includes(language)) assert.deepEqual(commands, [], place);
  }
});
