import assert from "node:assert/strict";
import { PartitionLags } from "../../lib/partition_lags.ts";

const none = { permissions: "none" } as const;

function lagsOf(partitions: readonly number[], starts: [number, number][] = []): PartitionLags {
  const lags = new PartitionLags();
  lags.assign(partitions, new Map(starts));
  return lags;
}

Deno.test("PartitionLags counts records from the position to the log's end", none, () => {
  const lags = lagsOf([0, 1], [[0, 10], [1, 0]]);
  assert.deepEqual(lags.lags(0), [], "no end was seen yet");
  lags.ends(0, 15, 1_000);
  lags.ends(1, 0, 1_000);
  lags.ends(7, 99, 1_000); // another member's
  assert.deepEqual(lags.lags(1_000), [{ partition: 0, lag: 5, lagSeconds: 0 }, {
    partition: 1,
    lag: 0,
    lagSeconds: 0,
  }]);
});

Deno.test(
  "PartitionLags takes the age from the batch in hand, though it was sent long before it was seen",
  none,
  () => {
    const lags = lagsOf([0], [[0, 0]]);
    lags.ends(0, 5, 100_000);
    lags.took(0, 40_000);
    assert.deepEqual(lags.lags(101_000), [{ partition: 0, lag: 5, lagSeconds: 61 }]);
  },
);

Deno.test("PartitionLags takes the age in a backlog from the record handled last, until it has caught up", none, () => {
  const lags = lagsOf([0], [[0, 0]]);
  lags.ends(0, 5, 100_000);
  lags.took(0, 40_000);
  lags.advance(0, 3, 50_000);
  assert.deepEqual(lags.lags(101_000), [{ partition: 0, lag: 2, lagSeconds: 51 }]);
  lags.advance(0, 5, 60_000);
  assert.deepEqual(lags.lags(101_000), [{ partition: 0, lag: 0, lagSeconds: 0 }]);
});

Deno.test(
  "PartitionLags does not go back to a batch whose offset was committed after the next one's verdicts",
  none,
  () => {
    const lags = lagsOf([0], [[0, 0]]);
    lags.ends(0, 9, 100_000);
    lags.advance(0, 3, 100_000);
    lags.advance(0, 6, 100_000);
    lags.sentUntil(0, 3, 40_000);
    assert.deepEqual(lags.lags(101_000), [{ partition: 0, lag: 3, lagSeconds: 1 }]);
    lags.sentUntil(0, 6, 50_000);
    assert.deepEqual(lags.lags(101_000), [{ partition: 0, lag: 3, lagSeconds: 51 }]);
  },
);

Deno.test(
  "PartitionLags counts from when a record was seen after a silence, not from the record before it",
  none,
  () => {
    const lags = lagsOf([0], [[0, 0]]);
    lags.ends(0, 1, 0);
    lags.advance(0, 1, 0);
    lags.ends(0, 1, 3_600_000);
    lags.ends(0, 2, 3_601_000);
    assert.deepEqual(lags.lags(3_603_000), [{ partition: 0, lag: 1, lagSeconds: 2 }]);
  },
);

Deno.test(
  "PartitionLags forgets partitions that have moved, and knows nothing of a new one without a start",
  none,
  () => {
    const lags = lagsOf([0, 1], [[0, 0], [1, 0]]);
    lags.ends(0, 5, 0);
    lags.assign([1, 2], new Map());
    lags.ends(1, 1, 0);
    lags.ends(2, 8, 0);
    lags.advance(0, 5, 0);
    assert.deepEqual(lags.lags(0).map(({ partition }) => partition), [1]);
    lags.advance(2, 8, 0);
    assert.deepEqual(lags.lags(0).map(({ partition, lag }) => [partition, lag]), [[1, 1], [2, 0]]);
  },
);

Deno.test("PartitionLags never shows a negative lag or age: clocks differ", none, () => {
  const lags = lagsOf([0], [[0, 9]]);
  lags.ends(0, 7, 0);
  assert.deepEqual(lags.lags(0), [{ partition: 0, lag: 0, lagSeconds: 0 }]);
  lags.ends(0, 10, 0);
  lags.took(0, 5_000);
  assert.deepEqual(lags.lags(0), [{ partition: 0, lag: 1, lagSeconds: 0 }]);
});
