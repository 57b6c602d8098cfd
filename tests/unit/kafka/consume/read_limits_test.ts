import assert from "node:assert/strict";
import { ReadLimits } from "../../../../lib/kafka/consume/read_limits.ts";

Deno.test("ReadLimits.lagOf() counts what is not handled up to the ends that the fetches brought", () => {
  const limits = new ReadLimits({ starts: new Map([[0, 5], [1, 0]]) });
  assert.equal(limits.lagOf([0, 1]), undefined);
  limits.fetched([{ partition: 0, stable: 12, high: 15 }]);
  assert.equal(limits.lagOf([0, 1]), undefined, "one end is not known");
  assert.equal(limits.lagOf([0]), 10);
  limits.fetched([{ partition: 1, stable: 7, high: 7 }]);
  limits.advance(0, 8);
  assert.equal(limits.lagOf([0, 1]), 14);
  limits.advance(0, 20);
  assert.equal(limits.lagOf([0, 1]), 7, "read past the end of the last fetch");
  assert.equal(limits.lagOf([]), 0);
});
