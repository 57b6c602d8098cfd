import assert from "node:assert/strict";
import stringWidth from "string-width";
import { firstLines, table } from "../../../lib/cli/table.ts";

// deno-lint-ignore no-control-regex -- colours
const linesOf = (text: string) => text.replace(/\x1b\[\d+m/g, "").split("\n");

Deno.test("table() has texts on the left, numbers on the right, and nothing behind the last cell", () => {
  assert.deepEqual(linesOf(table(["item", "quantity", ""], [["pen", 5, ""], ["notebook", 1234567890, "ok"]])), [
    "item        quantity",
    "pen                5",
    "notebook  1234567890  ok",
  ]);
  assert.deepEqual(linesOf(table(["user", "status"], [])), ["user  status"]);
});

Deno.test("table() lines its columns up behind wide, combining and escaped characters", () => {
  const names = [
    "本田",
    "🦕",
    "🫠x",
    "e\u0301",
    "한글",
    "\u1112\u1161\u11ab",
    "ｱ",
    "👍🏽",
    "\x1b[2J",
    "\u202eabc",
    "x".repeat(256),
  ];
  const [header, ...lines] = linesOf(table(["item", "quantity"], names.map((name) => [name, 7])));
  for (const line of lines) assert.equal(stringWidth(line), header.length, line);
  assert.equal(lines[8].trimEnd().split(" ", 1)[0], "\\u{1b}[2J");
});

Deno.test("table() shows blanks at the edges of a cell, and __proto__ and formulas as they are", () => {
  const names = ["alice ", "\u00a0bob", "__proto__", "=cmd()"];
  assert.deepEqual(linesOf(table(["user", "status"], names.map((name) => [name, "paid"]))), [
    "user         status",
    '"alice "     paid',
    '"\\u{a0}bob"  paid',
    "__proto__    paid",
    "=cmd()       paid",
  ]);
});

Deno.test("table() cuts a cell after 256 characters, or one would pad every other row to its width", () => {
  const lines = linesOf(table(["user", "status"], [["x".repeat(300_000), "paid"], ["alice", "paid"]]));
  assert.match(lines[1], /^x{256}… \(299744 more characters\) +paid$/);
  assert.ok(lines.every(({ length }) => length < 300));
});

Deno.test("table() takes a hundred thousand rows", () => {
  const rows = Array.from({ length: 100_000 }, (_, index) => [`item-${index}`, index]);
  assert.equal(linesOf(table(["item", "quantity"], rows)).at(-1), "item-99999     99999");
});

Deno.test("firstLines() shows the first rows and counts the others", () => {
  const rows = Array.from({ length: 4_000 }, (_, index) => [`user-${index}`, "paid"]);
  const of = (
    count: number,
    limit: number,
  ) => [...firstLines(["user", "status"], rows.slice(0, count), { things: "users", limit })];
  assert.deepEqual(of(4_000, 2).slice(1), [
    "user-0  paid",
    "user-1  paid",
    '… and 3,998 more users; add "| less" to see them all',
  ]);
  assert.equal(of(2, 2).length, 3);
  assert.equal(of(4_000, Infinity).length, 4_001);
});
