import assert from "node:assert/strict";
import { reckon } from "../../../drill/reckoning.ts";
import { order } from "../../support/storage.ts";

const START = { book: 3, pen: 5 };
const SENT = [order({ order_id: "a" }), order({ order_id: "b", quantity: 2 }), order({ order_id: "c" })];

Deno.test("reckon() has each order_id count once, as long as there is stock", { permissions: "none" }, () => {
  const sent = [SENT[0], SENT[0], { ...SENT[0], quantity: 2 }, SENT[1], SENT[2]];
  const books = { accepted: ["a", "b"], stock: { book: 0, pen: 5 } };
  assert.deepEqual(reckon({ start: START, sent, books }), { due: 2, faults: [] });
});

Deno.test("reckon() finds what is lost, doubled or sold without stock", { permissions: "none" }, () => {
  const faultsOf = (accepted: string[], book: number) =>
    reckon({ start: START, sent: SENT, books: { accepted, stock: { book, pen: 5 } } }).faults;
  assert.deepEqual(faultsOf(["a"], 2), ["1 of 2 not accepted", "book is 2 in place of 0"]);
  assert.deepEqual(faultsOf(["a", "a", "b"], -1), ["1 doubled", "book is -1 in place of 0"]);
  assert.deepEqual(faultsOf(["a", "b", "c"], 0), ["1 sold without stock"]);
  assert.deepEqual(reckon({ start: START, sent: [], books: { accepted: [], stock: { book: 3 } } }).faults, [
    "pen is gone in place of 5",
  ]);
});
