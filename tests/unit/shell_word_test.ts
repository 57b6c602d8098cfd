import assert from "node:assert/strict";
import { shellWord } from "../../lib/shell_word.ts";

Deno.test("shellWord() gives a shell back what it was given, to the character", () => {
  const words = [
    "",
    "plain",
    "a b",
    "it's",
    "'",
    '"$HOME"',
    "`x`",
    "a;b&c|d>e",
    "ä ö",
    "*",
    "~",
    "A=1",
    "=1",
    "\\",
    "-n",
    "!",
    "#",
  ];
  const { stdout } = new Deno.Command("sh", {
    args: ["-c", `for word in ${words.map(shellWord).join(" ")}; do printf '%s\\0' "$word"; done`],
  }).outputSync();
  assert.deepEqual(new TextDecoder().decode(stdout).split("\0").slice(0, -1), words);
});

Deno.test("shellWord() leaves alone what needs no quotes", () => {
  for (const word of ["orders.dlq", "/tmp/x-1_y", "localhost:9092,b:1", "2026-11-24T08:00", "--flag", "mix=1,b=5"]) {
    assert.equal(shellWord(word), word);
  }
});
