import assert from "node:assert/strict";
import { REJECT_REASONS } from "../../../../lib/decide_order.ts";
import { verdictClass, verdictOf, VERDICTS } from "../../../../tools/dashboard/page/verdicts.js";
import colours from "../../../../tools/dashboard/page/colours.css" with { type: "text" };

/** A reason of somebody's own may be among them or not: the test below. */
const NAMES = [
  ..."accepted dead-letter duplicate order-id-conflict invalid-order-id invalid-name invalid-quantity".split(" "),
  ..."unknown-user unpaid-user unknown-item insufficient-stock".split(" "),
];
const KNOWN: ReadonlySet<string> = new Set([...NAMES, ...REJECT_REASONS]);

Deno.test("the page knows every verdict, says what it means, and has a colour for it in light and dark", () => {
  const names = new Set(VERDICTS.map(({ name }) => name));
  assert.deepEqual([...new Set(NAMES).difference(names), ...names.difference(KNOWN)], []);
  assert.equal(names.size, VERDICTS.length);
  for (const { name, means } of VERDICTS) {
    assert.match(means, /^[A-Z].*\.$/);
    assert.equal(colours.split(`--v-${name}: `).length, 3, name);
    assert.ok(colours.includes(`.${verdictClass(name)} {`), name);
  }
});

Deno.test("a reason that the page does not know is a rejection of no known colour", () => {
  assert.equal(verdictOf("x y").side, "rejected");
  assert.equal(verdictClass("x y"), "v-other");
});
