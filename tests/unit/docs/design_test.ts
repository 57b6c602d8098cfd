import assert from "node:assert/strict";
import { join } from "node:path";
import { CHECKOUT } from "../../../tools/stack/folders.ts";

Deno.test("every test that DESIGN names as a guard of an invariant is there", () => {
  const text = Deno.readTextFileSync(join(CHECKOUT, "docs/DESIGN.md"));
  const [, rest] = text.split("\n## Invariants that have caused bugs\n");
  const items = rest.split("\n## ")[0].split("\n- ").slice(1).map((item) => item.replace(/\s+/g, " ").trim());
  assert.ok(items.length > 10);
  for (const item of items) {
    const [, file, name] = /\]\(\.\.\/(tests\/\S+)\): "(.+)"$/.exec(item) ?? assert.fail(`No test is named: ${item}`);
    assert.ok(Deno.readTextFileSync(join(CHECKOUT, file)).includes(name), `${file} has no test "${name}"`);
  }
});
