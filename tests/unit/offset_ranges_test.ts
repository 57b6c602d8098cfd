import assert from "node:assert/strict";
import fc from "fast-check";
import { nextOffsetIn, type OffsetRange, OffsetRanges } from "../../lib/offset_ranges.ts";

const anyRange = fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 10 })).map(([from, length]) => ({
  from,
  to: from + length,
}));

function rangesOf(...ranges: OffsetRange[]): OffsetRange[] {
  const joined = new OffsetRanges();
  for (const range of ranges) joined.add(range);
  return joined.toArray();
}

Deno.test("OffsetRanges goes on from the last range and fills gaps", { permissions: "none" }, () => {
  assert.deepEqual(rangesOf({ from: 0, to: 5 }, { from: 5, to: 9 }), [{ from: 0, to: 9 }]);
  assert.deepEqual(rangesOf({ from: 0, to: 5 }, { from: 7, to: 9 }), [{ from: 0, to: 5 }, { from: 7, to: 9 }]);
  assert.deepEqual(rangesOf({ from: 0, to: 5 }, { from: 7, to: 9 }, { from: 4, to: 7 }), [{ from: 0, to: 9 }]);
  assert.deepEqual(rangesOf({ from: 7, to: 9 }, { from: 0, to: 2 }), [{ from: 0, to: 2 }, { from: 7, to: 9 }]);
  assert.deepEqual(rangesOf({ from: 0, to: 9 }, { from: 3, to: 5 }), [{ from: 0, to: 9 }]);
});

Deno.test("OffsetRanges covers the same offsets as a set, sorted and disjoint", { permissions: "none" }, () => {
  const step = fc.oneof({ weight: 9, arbitrary: anyRange }, { weight: 1, arbitrary: fc.nat(60) });
  fc.assert(fc.property(fc.array(step), (steps) => {
    const ranges = new OffsetRanges();
    let expected = new Set<number>();
    for (const step of steps) {
      if (typeof step === "number") {
        ranges.cut(step);
        expected = new Set([...expected].filter((offset) => offset < step));
      } else {
        ranges.add(step);
        for (let offset = step.from; offset < step.to; offset++) expected.add(offset);
      }
    }
    const joined = ranges.toArray();
    const offsets = joined.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, index) => from + index));
    assert.deepEqual(offsets, [...expected].sort((a, b) => a - b));
    assert.equal(ranges.size, joined.length);
    for (const [index, { from }] of joined.entries()) {
      if (index > 0) assert.ok(joined[index - 1].to < from, "neighbours are not joined");
    }
  }));
});

Deno.test("OffsetRanges sorts half a million gaps in, wherever they come", { permissions: "none" }, () => {
  const ranges = new OffsetRanges();
  const count = 500_000;
  // In steps of a prime: each offset once, in no order. One by one into a sorted list would take minutes.
  for (let index = 0; index < count; index++) {
    const from = (index * 7_919) % count * 2;
    ranges.add({ from, to: from + 1 });
  }
  assert.equal(ranges.size, count);
});

Deno.test("nextOffsetIn() finds the same offset as a look at each of them", { permissions: "none" }, () => {
  fc.assert(fc.property(fc.array(anyRange), fc.nat(80), (given, offset) => {
    const ranges = rangesOf(...given);
    const starts = ranges.filter(({ to }) => to > offset).map(({ from }) => Math.max(from, offset));
    assert.equal(nextOffsetIn(ranges, offset), Math.min(...starts));
  }));
});
