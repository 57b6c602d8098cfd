import assert from "node:assert/strict";
import { Lanes } from "../../../../lib/kafka/consume/lanes.ts";

Deno.test("Lanes drops what was fetched before a join and not taken: it is fetched again", async () => {
  const lanes = new Lanes<{ partition: number; from: number }>(1);
  lanes.assign([0]);
  const waiting = [1, 2, 3].map((from) => lanes.put({ partition: 0, from }));
  const [lane] = lanes.all;
  const taking = lane[Symbol.asyncIterator]();
  assert.equal((await taking.next()).value.from, 1);
  lanes.assign([0]);
  void lanes.put({ partition: 0, from: 2 });
  assert.deepEqual(await Promise.all(waiting), [true, false, false]);
  assert.equal((await taking.next()).value.from, 2);
  lanes.close();
  assert.equal((await taking.next()).done, true);
});
