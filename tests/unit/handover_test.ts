import assert from "node:assert/strict";
import { Handover } from "../../lib/handover.ts";

const pure = { permissions: "none" } as const;

Deno.test("Handover gives each value once, in order, and makes who puts one wait", pure, async () => {
  const handover = new Handover<number>();
  const put: number[] = [];
  const putting = (async () => {
    for (let value = 0; value < 5; value++) {
      assert.equal(await handover.put(value), true);
      put.push(value);
    }
    handover.close();
  })();
  const taken: number[] = [];
  for await (const value of handover) {
    taken.push(value);
    await new Promise((resolve) => setTimeout(resolve)); // whoever can go on has gone on
    assert.ok(put.length <= value + 1, "the next one is not taken yet");
  }
  await putting;
  assert.deepEqual(taken, [0, 1, 2, 3, 4]);
});

Deno.test("Handover.close() ends the iteration and drops what was not taken", pure, async () => {
  const handover = new Handover<number>();
  const dropped = handover.put(1);
  handover.close();
  assert.equal(await dropped, false);
  assert.equal(await handover.put(2), false);
  for await (const _ of handover) assert.fail("nothing is left");
});

Deno.test("Handover.close() with an error ends the iteration with it, also for one who waits", pure, async () => {
  const handover = new Handover<number>();
  const waiting = handover[Symbol.asyncIterator]().next();
  handover.close(new Error("gone"));
  await assert.rejects(waiting, /gone/);
  await assert.rejects(handover[Symbol.asyncIterator]().next(), /gone/);
});
