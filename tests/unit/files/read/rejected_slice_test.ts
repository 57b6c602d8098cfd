import assert from "node:assert/strict";
import { rejectedSlice } from "../../../../lib/files/read/rejected_slice.ts";
import type { SliceFilter } from "../../../../lib/slice.ts";
import { sealLine } from "../../../support/seal_line.ts";
import { order, TestStorage } from "../../../support/storage.ts";

const RUN = "11111111-2222-4333-8444-555555555555";

/** One line of `rejected.jsonl`, rejected at `rejected_at`. */
function rejection(order_id: string, given: Record<string, unknown> = {}): string {
  const at = { topic: "orders", partition: 0, offset: 0, rejected_at: 1_000 };
  return sealLine({ ...order({ order_id, user: "bob" }), reason: "unpaid-user", ...at, ...given });
}

/** The ids a slice of these lines sends, and what it says of the rest. */
async function slice(lines: string[], { sent = [], ...filter }: SliceFilter & { sent?: string[] } = {}) {
  await using storage = TestStorage.of({ "rejected.jsonl": lines.join("") });
  const found = await rejectedSlice(storage.folder, { filter, run: RUN, sent: new Set(sent), warn: storage.warn });
  const ids = (await Array.fromAsync(found.items())).map(({ order }) => order.order_id);
  assert.equal(found.total, ids.length, "the total is what is sent");
  return { ids, counts: found.counts, notes: found.notes, to: found.to };
}

Deno.test("rejectedSlice() takes each order once, by its last rejection", async () => {
  const lines = [
    rejection("a"),
    rejection("b"),
    rejection("a", { reason: "insufficient-stock", rejected_at: 2_000 }),
    rejection("b"),
  ];
  assert.deepEqual((await slice(lines)).ids, ["a", "b"]);
  assert.deepEqual((await slice(lines, { reason: "unpaid-user" })).ids, ["b"]);
  assert.deepEqual((await slice(lines, { since: 2_000 })).ids, ["a"]);
  assert.deepEqual((await slice(lines, { until: 2_000 })).ids, ["b"]);
  assert.deepEqual((await slice(lines, { from: 4 })).ids, ["b"]);
});

Deno.test("rejectedSlice() ends at its line, whatever was rejected later", async () => {
  const lines = [rejection("a"), rejection("b"), rejection("a", { reason: "duplicate" }), rejection("c")];
  assert.deepEqual(await slice(lines, { to: 3 }), {
    ids: ["a", "b"],
    counts: { accepted_since: 0, not_mendable: 0, sent_before: 0 },
    notes: [],
    to: 3,
  });
  assert.equal((await slice(lines)).to, 5);
});

Deno.test("rejectedSlice() leaves out what nothing can mend, and says how many", async () => {
  const reasons = ["duplicate", "order-id-conflict", "invalid-order-id", "invalid-name", "invalid-quantity"];
  const { ids, notes } = await slice([...reasons.map((reason) => rejection(reason, { reason })), rejection("a")]);
  assert.deepEqual(ids, ["a"]);
  assert.match(notes.join(), /^5 left out that no change to users or stock can help/);
});

Deno.test("rejectedSlice() counts against its limit what the run has sent before", async () => {
  const lines = ["a", "b", "c", "d"].map((id) => rejection(id));
  const { ids, counts } = await slice(lines, { limit: 3, sent: ["b"] });
  assert.deepEqual([ids, counts.sent_before], [["a", "c"], 1]);
});

Deno.test("rejectedSlice() leaves a damaged line out, ignores a half-written one and takes one of any length", async () => {
  const long = rejection("long", { reason: "insufficient-stock", item: "x".repeat(3 << 20) });
  const { ids, notes } = await slice([
    rejection("a").replace("bob", "eve"),
    long,
    rejection("b"),
    rejection("c").slice(0, -5),
  ]);
  assert.deepEqual(ids, ["long", "b"]);
  assert.deepEqual(notes, ["1 left out whose line is damaged"]);
});
