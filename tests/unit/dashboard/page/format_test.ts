import assert from "node:assert/strict";
import { duration, moment, plural, short, shown, whole } from "../../../../tools/dashboard/page/format.js";

Deno.test("figures are written with separators, and as a dash where they are not known", () => {
  assert.deepEqual([0, 999, 1_234_567, null, undefined].map(whole), ["0", "999", "1,234,567", "–", "–"]);
});

Deno.test("figures of an axis are short", () => {
  assert.deepEqual([0, 7, 999, 1_000, 1_250, 12_345, 123_456, 1e7, 2.5e9].map(short), [
    "0",
    "7",
    "999",
    "1k",
    "1.3k",
    "12.3k",
    "123k",
    "10M",
    "2.5G",
  ]);
});

Deno.test("a length of time is written in the units that a person would choose", () => {
  const texts = [0, 0.02, 0.44, 9.96, 12.2, 59.7, 60, 200, 3_599.9, 7_500, 200_000].map(duration);
  assert.deepEqual(texts, [
    "0 s",
    "under 0.1 s",
    "0.4 s",
    "10 s",
    "12 s",
    "1 min",
    "1 min",
    "3 min 20 s",
    "1 h",
    "2 h 5 min",
    "2 days",
  ]);
});

Deno.test("what cannot be seen in a text is shown", () => {
  assert.equal(shown("a\u202eb\u0000\n\u200b\ud800"), "a\\u202eb\\u0000\\u000a\\u200b\\ud800");
  assert.equal(shown("Zoë 😀 中文"), "Zoë 😀 中文");
  assert.equal(shown(undefined), "");
});

Deno.test("a time that is none is shown as the number it is", () => {
  assert.equal(moment(9e15), "9000000000000000 ms");
});

Deno.test("a count has its noun", () => {
  assert.deepEqual([plural(1, "order"), plural(0, "order")], ["1 order", "0 orders"]);
});
