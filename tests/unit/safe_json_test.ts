import assert from "node:assert/strict";
import fc from "fast-check";
import { safeJson, UNSAFE_CHARACTERS } from "../../lib/safe_json.ts";

const pure = { permissions: "none" } as const;

Deno.test("safeJson() is JSON.stringify() for what a person can see", pure, () => {
  const value = { text: 'é 本 🦕 "a"\\', number: 1.5, none: null, list: [true], left: undefined };
  assert.equal(safeJson(value), JSON.stringify(value));
});

Deno.test("safeJson() writes what drives or deceives a terminal as escapes of JSON", pure, () => {
  assert.equal(safeJson("\x7f\x9b2J\u202e\u{e0061}"), '"\\u007f\\u009b2J\\u202e\\udb40\\udc61"');
});

Deno.test("safeJson() gives JSON of the same value without any such character, whatever the text", pure, () => {
  const anyText = fc.string({ unit: "binary" });
  fc.assert(fc.property(fc.dictionary(anyText, anyText, { noNullPrototype: true }), (value) => {
    const json = safeJson(value);
    assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify(value)));
    assert.equal(json.match(UNSAFE_CHARACTERS), null);
  }));
});
