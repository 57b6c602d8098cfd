import assert from "node:assert/strict";
import type { LoggedOrder } from "../../../../lib/files/log/logged_line.ts";
import { handEdits } from "../../../../lib/files/store/hand_edits.ts";
import { deduct, lowestSeq, type StockBase, stockBases } from "../../../../lib/files/store/stock_math.ts";
import type { StockEdit } from "../../../../lib/files/log/edit_journal.ts";

const pure = { permissions: "none" } as const;
const NOW = 100;

const rows = (...all: [string, number, number | undefined][]) =>
  new Map(all.map(([item, quantity, asOf], index) => [item, { item, quantity, asOf, line: index + 2 }]));
const edits = (...all: [string, number | null, number][]) =>
  new Map(
    all.map(([item, set, seq]): [string, StockEdit] => [item, { item, set, seq, batch: seq, was: null, by: "tool" }]),
  );
const inShort = (bases: Map<string, StockBase>) =>
  Object.fromEntries([...bases].map(([key, { quantity, seq }]) => [key, [quantity, seq]]));
const basesOf = (...given: Parameters<typeof stockBases>) => inShort(stockBases(...given));

Deno.test("stockBases() counts from the row or the item's last edit, whichever is later", pure, () => {
  const file = rows(["book", 5, 10], ["pen", 6, 10]);
  assert.deepEqual(basesOf(file, edits(["book", 9, 11], ["pen", 9, 10]), NOW), { book: [9, 11], pen: [6, 10] });
});

Deno.test("stockBases() takes a blank as_of for now", pure, () => {
  assert.deepEqual(basesOf(rows(["book", 5, undefined]), edits(["book", 9, NOW]), NOW), { book: [5, NOW] });
});

Deno.test("stockBases() takes an item without a row for removed, unless its edit is later than the file", pure, () => {
  const file = rows(["book", 5, 10]);
  assert.deepEqual(basesOf(file, edits(["pen", 9, 10]), NOW), { book: [5, 10] });
  assert.deepEqual(basesOf(file, edits(["pen", 9, 11]), NOW), { book: [5, 10], pen: [9, 11] });
  assert.deepEqual(basesOf(rows(), edits(["pen", 9, 11]), NOW), {});
  assert.deepEqual(basesOf(rows(), edits(["pen", 9, 11]), 0), { pen: [9, 11] });
});

Deno.test("stockBases() drops a row that was removed by a later edit", pure, () => {
  assert.deepEqual(basesOf(rows(["book", 5, 10], ["pen", 1, 10]), edits(["pen", null, 11]), NOW), { book: [5, 10] });
});

Deno.test(
  "stockBases() does not take a stale file for current because of one blank as_of",
  { ...pure },
  () => {
    const file = rows(["book", 5, 10], ["eraser", 1, undefined]);
    assert.deepEqual(basesOf(file, edits(["laptop", 9, 11]), NOW), {
      book: [5, 10],
      eraser: [1, NOW],
      laptop: [9, 11],
    });
  },
);

Deno.test("lowestSeq() is the oldest base, or what is given where there is none", pure, () => {
  assert.equal(lowestSeq(stockBases(rows(["book", 5, 10], ["pen", 6, 7]), new Map(), NOW), NOW), 7);
  assert.equal(lowestSeq(new Map(), NOW), NOW);
});

Deno.test("deduct() takes off only what came after the base, by NFC name", pure, () => {
  const bases = stockBases(rows(["caf\u00e9", 5, 10]), new Map(), NOW);
  for (const [item, seq] of [["cafe\u0301", 11], ["caf\u00e9", 10], ["caf\u00e9", 12], ["pen", 13]] as const) {
    deduct(bases, { item, seq, quantity: 2 } as LoggedOrder);
  }
  assert.deepEqual(inShort(bases), { "caf\u00e9": [1, 10] });
});

Deno.test("handEdits() are the differences: changed, new and gone", pure, () => {
  const stock = (all: Record<string, number>) =>
    new Map(Object.entries(all).map(([item, quantity]) => [item, { item, quantity }]));
  assert.deepEqual(handEdits(stock({ a: 1, b: 2, c: 3 }), stock({ a: 1, b: 5, d: 4 })), [
    { item: "b", set: 5, was: 2, by: "hand" },
    { item: "d", set: 4, was: null, by: "hand" },
    { item: "c", set: null, was: 3, by: "hand" },
  ]);
  assert.deepEqual(handEdits(stock({ a: 1 }), stock({ a: 1 })), []);
});
