import assert from "node:assert/strict";
import { isValidName, isValidOrderId, MAX_NAME_LENGTH, MAX_ORDER_ID_LENGTH, nameKey } from "../../lib/order.ts";

const pure = { permissions: "none" } as const;

for (
  const [what, isValid, longest] of [
    ["isValidName()", isValidName, MAX_NAME_LENGTH],
    ["isValidOrderId()", isValidOrderId, MAX_ORDER_ID_LENGTH],
  ] as const
) {
  Deno.test(`${what} accepts 1 to 256 characters`, pure, () => {
    assert.equal(longest, 256);
    assert.equal(isValid(""), false);
    assert.equal(isValid("x"), true);
    for (const letter of ["x", "\u00e9"]) {
      assert.equal(isValid(letter.repeat(256)), true);
      assert.equal(isValid(letter.repeat(257)), false);
    }
  });

  Deno.test(`${what} accepts names that are special elsewhere`, pure, () => {
    const ordinary = ["__proto__", "constructor", "toString", "../x", "=cmd()", "+1", "-1", "@a", 'a"b,c', "null", "0"];
    for (const name of [...ordinary, "naïve", "e\u0301", "本", "🦕", "a b", "ß"]) {
      assert.equal(isValid(name), true, name);
    }
  });

  Deno.test(`${what} refuses what controls a terminal, cannot be seen or was not decodable`, pure, () => {
    const unsafe = {
      "line feed": "\n",
      tab: "\t",
      NUL: "\0",
      ESC: "\x1b[2J",
      DEL: "\x7f",
      "C1 control": "\x9b",
      "soft hyphen": "\u00ad",
      "Arabic letter mark": "\u061c",
      "Mongolian vowel separator": "\u180e",
      "zero-width space": "\u200b",
      "zero-width joiner": "\u200d",
      "right-to-left mark": "\u200f",
      "line separator": "\u2028",
      "right-to-left override": "\u202e",
      "word joiner": "\u2060",
      "right-to-left isolate": "\u2067",
      "byte order mark": "\ufeff",
      "replacement character": "\ufffd",
      "high surrogate": "\ud800",
      "low surrogate": "\udc00",
    };
    for (const [what, text] of Object.entries(unsafe)) {
      for (const name of [text, `a${text}`, `${text}a`, `é${text}é`]) assert.equal(isValid(name), false, what);
    }
  });

  Deno.test(`${what} refuses other invisible characters`, { ...pure }, () => {
    for (const invisible of ["\u{e0061}", "\u{e0001}", "\u034f", "\u115f", "\u3164", "\uffa0"]) {
      assert.equal(isValid(`alice${invisible}`), false, `U+${invisible.codePointAt(0)!.toString(16)}`);
    }
  });
}

Deno.test("nameKey() is the same for the composed and the decomposed form and for nothing else", pure, () => {
  assert.equal(nameKey("cafe\u0301"), nameKey("caf\u00e9"));
  assert.notEqual(nameKey("cafe"), nameKey("caf\u00e9"));
  assert.notEqual(nameKey("Book"), nameKey("book"));
  assert.notEqual(nameKey("ﬁ"), nameKey("fi"));
});
