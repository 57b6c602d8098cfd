import assert from "node:assert/strict";
import { RebalanceWatch, type SeenGroup } from "../../../../../tools/dashboard/feed/rebalance_watch.ts";

const pure = { permissions: "none" } as const;

/** A group whose members, by name, have these partitions; `committed` of each, and what there is to read. */
function group(
  at: number,
  members: Record<string, number[]>,
  { state = "Stable", committed = [at, at], lag = 0 }: { state?: string; committed?: number[]; lag?: number } = {},
): SeenGroup {
  return {
    at,
    state: Object.keys(members).length === 0 ? "Empty" : state,
    members: Object.entries(members).map(([id, partitions]) => ({ id, clientId: id, host: "here", partitions })),
    partitions: committed.map((committed, partition) => ({ partition, committed, lag })),
  };
}

/** The causes noticed, oldest first. */
function causes(...seen: SeenGroup[]): string[] {
  const watch = new RebalanceWatch();
  for (const group of seen) watch.see(group);
  return watch.rebalances.map(({ cause }) => cause).reverse();
}

Deno.test("RebalanceWatch sees nothing in the members that are there at first", pure, () => {
  assert.deepEqual(causes(group(0, { a: [0, 1] }), group(1_000, { a: [0, 1] })), []);
});

Deno.test("RebalanceWatch sees who joined, and how long the members shared out", pure, () => {
  const watch = new RebalanceWatch();
  watch.see(group(0, { a: [0, 1] }));
  watch.see(group(1_000, { a: [0, 1], b: [] }, { state: "PreparingRebalance" }));
  watch.see(group(2_000, { a: [0, 1], b: [] }, { state: "CompletingRebalance" }));
  watch.see(group(3_500, { a: [0], b: [1] }));
  assert.deepEqual(watch.rebalances, [{ at: 1_000, ms: 2_500, cause: "joined", sentence: "b at here (b) joined" }]);
});

Deno.test("RebalanceWatch takes a member for one that left if it was at work until the end", pure, () => {
  const seen = [0, 1_000, 2_000].map((at) => group(at, { a: [0], b: [1] }));
  assert.deepEqual(causes(...seen, group(3_000, { a: [0, 1] })), ["left"]);
  assert.deepEqual(causes(...seen, group(3_000, {})), ["left"]);
});

Deno.test("RebalanceWatch takes a member for dead if orders waited for it", pure, () => {
  const seen = [0, 2, 4, 6, 8].map((s) => group(s * 1_000, { a: [0], b: [1] }, { committed: [s, 5], lag: s }));
  assert.deepEqual(causes(...seen, group(9_000, { a: [0, 1] }, { committed: [9, 5], lag: 9 })), ["died"]);
});

Deno.test("RebalanceWatch takes a member for dead if the others waited for it", pure, () => {
  const idle = { committed: [5, 5] };
  const waiting = [1, 4, 8].map((s) =>
    group(s * 1_000, { a: [0], b: [1], c: [] }, { ...idle, state: "PreparingRebalance" })
  );
  const before = group(0, { a: [0], b: [1], c: [] }, idle);
  assert.deepEqual(causes(before, ...waiting, group(9_000, { a: [0], c: [1] }, idle)), ["died"]);
});

Deno.test("RebalanceWatch does not say how a member without orders went", pure, () => {
  const idle = { committed: [5, 5] };
  const seen = [0, 4, 8, 12, 16].map((s) => group(s * 1_000, { a: [0], b: [1] }, idle));
  const watch = new RebalanceWatch();
  for (const look of [...seen, group(17_000, { a: [0, 1] }, idle)]) watch.see(look);
  assert.deepEqual(watch.rebalances.map(({ cause }) => cause), ["other"]);
  assert.match(watch.rebalances[0].sentence, /whether it left or died cannot be told/);
});

Deno.test("RebalanceWatch names both where one came and another went", pure, () => {
  const watch = new RebalanceWatch();
  watch.see(group(0, { a: [0, 1] }));
  watch.see(group(1_000, { b: [0, 1] }));
  assert.deepEqual(watch.rebalances.map(({ cause, sentence }) => [cause, sentence]), [
    ["other", "b at here (b) came, a at here (a) went"],
  ]);
});

Deno.test("RebalanceWatch keeps the latest", pure, () => {
  const seen = Array.from(
    { length: 101 },
    (_, at) => group(at * 1_000, at % 2 === 0 ? { a: [0] } : { a: [0], b: [1] }),
  );
  assert.equal(causes(...seen).length, 20);
});
