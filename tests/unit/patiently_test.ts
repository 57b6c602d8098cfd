import assert from "node:assert/strict";
import { patiently } from "../../lib/patiently.ts";

const LONG = { forMs: 60_000, everyMs: 1 };
const SHORT = { forMs: 5, everyMs: 1 };
const none = { permissions: "none" } as const;

/** Answers each of `outcomes` in turn, the last one again and again; an error is thrown. */
function inTurn<T>(...outcomes: (T | Error)[]) {
  const count = { calls: 0 };
  return Object.assign((): T => {
    const outcome = outcomes[Math.min(count.calls++, outcomes.length - 1)];
    if (outcome instanceof Error) throw outcome;
    return outcome;
  }, { count });
}

Deno.test("patiently() answers with the first answer that is not false, nothing included", none, async () => {
  assert.equal(await patiently(inTurn<string | false>(false, false, "found"), LONG), "found");
  assert.equal(await patiently(inTurn<undefined | false>(false, undefined), LONG), undefined);
});

Deno.test("patiently() tries again after an error that passes, and not after another one", none, async () => {
  const [passing, lasting] = [new Error("passes"), new Error("lasts")];
  const passes = (error: unknown) => error === passing;
  assert.equal(await patiently(inTurn(passing, passing, 1), { ...LONG, passes }), 1);
  const attempt = inTurn(passing, lasting, 1);
  await assert.rejects(patiently(attempt, { ...LONG, passes }), lasting);
  assert.equal(attempt.count.calls, 2);
  await assert.rejects(patiently(inTurn(passing, 1), LONG), passing);
});

Deno.test("patiently() ends with what the last attempt came to when the time is over", none, async () => {
  assert.equal(await patiently(inTurn(false), SHORT), false);
  const passing = new Error("passes");
  await assert.rejects(patiently(inTurn(passing), { ...SHORT, passes: () => true }), passing);
});

Deno.test(
  "patiently() tells each attempt what is left, and tries once where there is no time at all",
  none,
  async () => {
    const left: number[] = [];
    const look = (ms: number) => left.push(ms) === 3;
    await patiently(look, LONG);
    assert.deepEqual(left, left.toSorted((a, b) => b - a));
    assert.ok(left[0] <= LONG.forMs && left[2] > 0, String(left));
    const attempt = inTurn(false);
    await patiently(attempt, { forMs: 0, everyMs: 1 });
    assert.equal(attempt.count.calls, 1);
  },
);
