import assert from "node:assert/strict";
import fc from "fast-check";
import { epochTime, instant, parseResetTarget, resetStep } from "../../lib/reset_target.ts";

const pure = { permissions: "none" } as const;
const NOW = Date.UTC(2026, 10, 24, 12);
const MINUTE = 60_000;

const parse = (text: string) => parseResetTarget(text, NOW);
const age = (ms: number) => ({ kind: "time", time: NOW - ms });

Deno.test("parseResetTarget() knows the ends and offsets", pure, () => {
  assert.deepEqual(parse("earliest"), { kind: "earliest" });
  assert.deepEqual(parse("latest"), { kind: "latest" });
  assert.deepEqual(parse("0"), { kind: "offset", offset: 0 });
  assert.deepEqual(parse("0042"), { kind: "offset", offset: 42 });
  assert.deepEqual(parse("9007199254740991"), { kind: "offset", offset: Number.MAX_SAFE_INTEGER });
});

Deno.test("parseResetTarget() knows ages, short and in ISO 8601", pure, () => {
  assert.deepEqual(parse("90s"), age(90_000));
  assert.deepEqual(parse("15m"), age(15 * MINUTE));
  assert.deepEqual(parse("6h"), age(360 * MINUTE));
  assert.deepEqual(parse("2d"), age(2 * 1_440 * MINUTE));
  assert.deepEqual(parse("PT15M"), age(15 * MINUTE));
  assert.deepEqual(parse("P1DT2H3M4S"), age(1_440 * MINUTE + 120 * MINUTE + 3 * MINUTE + 4_000));
  assert.deepEqual(parse("P2D"), age(2 * 1_440 * MINUTE));
});

Deno.test("parseResetTarget() takes a time as local unless it says otherwise", pure, () => {
  const local = new Date(2026, 10, 24, 8, 30).getTime();
  assert.deepEqual(parse("2026-11-24T08:30"), { kind: "time", time: local });
  assert.deepEqual(parse("2026-11-24 08:30:00"), { kind: "time", time: local });
  assert.deepEqual(parse("2026-11-24"), { kind: "time", time: new Date(2026, 10, 24).getTime() });
  const utc = Date.UTC(2026, 10, 24, 8, 30);
  for (
    const text of ["2026-11-24T08:30Z", "2026-11-24T10:30+02:00", "2026-11-24T10:30+0200", "2026-11-24T08:30:00.0Z"]
  ) {
    assert.deepEqual(parse(text), { kind: "time", time: utc }, text);
  }
});

Deno.test("parseResetTarget() knows where the group is, shifts from there, and offsets by partition", pure, () => {
  assert.deepEqual(parse("current"), { kind: "current" });
  assert.deepEqual(parse("+5"), { kind: "shift", by: 5 });
  assert.deepEqual(parse("-10"), { kind: "shift", by: -10 });
  assert.deepEqual(parse("0=5,1=9"), { kind: "offsets", offsets: new Map([[0, 5], [1, 9]]) });
});

Deno.test("parseResetTarget() refuses anything else", pure, () => {
  const numbers = "1.5,+1.5,--1,+,-,-9007199254740992,0=,=5,0=-1,a=1,1e3,0x10,１２,9007199254740992,15 m,NaN";
  const ages = "m,15M,1w,P,PT,P1,PT1,P1DT,P-1D,PT1.5H,-15m,10constructor";
  const times = "2026-11,2026-13-01,2026-11-24T25:00,2026-11-24T8:00,24.11.2026,2026-11-24Z,now";
  const wrong = [
    "0=5,0=6",
    "0=5,",
    "",
    " ",
    "Earliest",
    "first",
    "__proto__",
    ...[numbers, ages, times].flatMap((all) => all.split(",")),
  ];
  for (const text of wrong) assert.equal(parse(text), undefined, JSON.stringify(text));
});

Deno.test("parseResetTarget() refuses a day that the month does not have", { ...pure }, () => {
  for (const text of ["2026-02-30", "2026-02-29T08:00", "2026-04-31T00:00Z"]) {
    assert.equal(parse(text), undefined, text);
  }
});

Deno.test("parseResetTarget() never goes back beyond the epoch", { ...pure }, () => {
  for (const text of ["1000000d", "99999999999999999999d", "9".repeat(400) + "s", "0001-01-01"]) {
    const target = parse(text);
    assert.ok(target === undefined || (target.kind === "time" && target.time >= 0), text);
  }
});

Deno.test("epochTime() takes seconds and milliseconds of this century for a time, and no other number", pure, () => {
  const time = Date.UTC(2025, 10, 24, 16);
  assert.equal(epochTime(1_764_000_000_000), time);
  assert.equal(epochTime(1_764_000_000), time);
  for (const offset of [0, 42, 99_999_999, 20_261_124, 5_000_000_000, 176_400_000_000, Number.MAX_SAFE_INTEGER]) {
    assert.equal(epochTime(offset), undefined, String(offset));
  }
});

Deno.test("instant() is a time that parseResetTarget() reads back", pure, () => {
  assert.equal(instant(1_764_000_000_000), "2025-11-24T16:00:00Z");
  fc.assert(fc.property(fc.nat(4_000_000_000_000), (time) => {
    assert.deepEqual(parse(instant(time)), { kind: "time", time });
  }));
});

const LOG = { partition: 3, low: 10, high: 50, end: 50 };

Deno.test("resetStep() counts what is read again, or skipped, and names its range", pure, () => {
  assert.deepEqual(resetStep(LOG, 40, 15), { partition: 3, from: 40, to: 15, again: 25, range: { from: 15, to: 40 } });
  assert.deepEqual(resetStep(LOG, 15, 40), { partition: 3, from: 15, to: 40, again: -25, range: { from: 15, to: 40 } });
  assert.equal(resetStep(LOG, 20, 20).again, 0);
});

Deno.test("resetStep() moves what is outside of the log to its ends and says so", pure, () => {
  const outcome = (from: number, asked: number) => {
    const { to, clampedFrom, again } = resetStep(LOG, from, asked);
    return { to, clampedFrom, again };
  };
  assert.deepEqual(outcome(40, 3), { to: 10, clampedFrom: 3, again: 30 });
  assert.deepEqual(outcome(40, 99), { to: 50, clampedFrom: 99, again: -10 });
  assert.deepEqual(resetStep({ partition: 0, low: 0, high: 0, end: 0 }, undefined, 5).to, 0);
});

Deno.test("resetStep() takes an offset within an open transaction, but skips none for one beyond the log", pure, () => {
  const open = { ...LOG, end: 60 };
  assert.equal(resetStep(open, 40, 55).to, 55);
  assert.equal(resetStep(open, 40, 99).to, 50);
});

Deno.test(
  "resetStep() counts from the log's start where there is no offset, or where it is gone by retention",
  pure,
  () => {
    assert.equal(resetStep(LOG, undefined, 50).again, -40);
    assert.equal(resetStep(LOG, 50, undefined).again, 40);
    assert.equal(resetStep(LOG, 3, 10).again, 0);
    assert.equal(resetStep(LOG, 99, 10).again, 40);
  },
);

Deno.test("resetStep() always lands within the log", pure, () => {
  const maybe = fc.option(fc.nat(), { nil: undefined });
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(), maybe, fc.integer(), (low, size, open, from, asked) => {
      const high = low + size;
      const { to, clampedFrom, range } = resetStep({ partition: 0, low, high, end: high + open }, from, asked);
      assert.ok(to! >= low && to! <= high + open);
      assert.equal(clampedFrom, to === asked ? undefined : asked);
      assert.ok(range.from <= range.to && range.from >= low && range.to <= high + open);
    }),
  );
});
