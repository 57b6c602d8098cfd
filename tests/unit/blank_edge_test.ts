import assert from "node:assert/strict";
import { blankEdge, quoted, showBlanks } from "../../lib/blank_edge.ts";

const pure = { permissions: "none" } as const;

Deno.test("blankEdge() finds a blank of any kind at either end of a text", pure, () => {
  for (
    const blank of [" ", "\t", "\n", "\u00a0", "\u1680", "\u2007", "\u2009", "\u202f", "\u205f", "\u2800", "\u3000"]
  ) {
    assert.equal(blankEdge(`paid${blank}`), "ends with a blank");
    assert.equal(blankEdge(`${blank}paid`), "begins with a blank");
    assert.equal(blankEdge(blank), "begins and ends with a blank");
    assert.equal(blankEdge(`a${blank}b`), undefined);
  }
  assert.equal(blankEdge(""), undefined);
});

Deno.test("showBlanks() quotes only what has blanks at an edge or is empty, and tells odd blanks apart", pure, () => {
  for (const text of ["alice", "a b", 'a "b", c', "本", "a\u00a0b"]) assert.equal(showBlanks(text), text);
  assert.equal(showBlanks(""), '""');
  assert.equal(showBlanks("alice "), '"alice "');
  assert.equal(showBlanks("\u00a0a b\u3000"), '"\\u{a0}a b\\u{3000}"');
});

Deno.test("quoted() cuts a text after 256 characters, the length of the longest name", pure, () => {
  assert.equal(quoted("x".repeat(256)), `"${"x".repeat(256)}"`);
  assert.equal(quoted("x".repeat(300)), `"${"x".repeat(256)}…" (44 more characters)`);
});
