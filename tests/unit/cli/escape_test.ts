import assert from "node:assert/strict";
import fc from "fast-check";
import { escapeControls, shown } from "../../../lib/cli/escape.ts";

const pure = { permissions: "none" } as const;

Deno.test("escapeControls() leaves what a person can see as it is", pure, () => {
  for (const text of ["", "plain text", "é e\u0301 本 🦕", 'a "b", c', "\\u{1b}"]) {
    assert.equal(escapeControls(text), text);
  }
});

Deno.test("escapeControls() makes what drives or deceives a terminal visible, on one line", pure, () => {
  assert.equal(escapeControls("\x1b[2J"), "\\u{1b}[2J");
  assert.equal(escapeControls("\x1b]0;title\x07"), "\\u{1b}]0;title\\u{7}");
  assert.equal(escapeControls("a\r\nb\tc\0\x7f\x9b"), "a\\u{d}\\u{a}b\\u{9}c\\u{0}\\u{7f}\\u{9b}");
  assert.equal(escapeControls("\u202eabc\u200b\ufeff\u2028"), "\\u{202e}abc\\u{200b}\\u{feff}\\u{2028}");
});

Deno.test("escapeControls() leaves no control character in any text", pure, () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const escaped = escapeControls(text);
    assert.doesNotMatch(escaped, /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u206f]/u);
    assert.equal(escapeControls(escaped), escaped);
  }));
});

Deno.test("shown() cuts a value after 256 characters, the length of the longest name", pure, () => {
  assert.equal(shown("x".repeat(256)), "x".repeat(256));
  assert.equal(shown(`\x1b${"x".repeat(300)}`), `\\u{1b}${"x".repeat(255)}… (45 more characters)`);
});

Deno.test("shown() quotes a value that is empty or has blanks at an edge", pure, () => {
  assert.equal(shown("paid "), '"paid "');
  assert.equal(shown("\u202falice"), '"\\u{202f}alice"');
  assert.equal(shown(""), '""');
});
