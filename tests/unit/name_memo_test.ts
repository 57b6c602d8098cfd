import assert from "node:assert/strict";
import fc from "fast-check";
import { NameMemo } from "../../lib/name_memo.ts";

const anyStep = fc.oneof(
  { weight: 9, arbitrary: fc.record({ name: fc.oneof(fc.nat(9), fc.nat(5_000)), value: fc.option(fc.nat()) }) },
  { weight: 1, arbitrary: fc.constant("clear" as const) },
);

Deno.test(
  "NameMemo has what was set since it forgot all, however high the numbers of names",
  { permissions: "none" },
  () => {
    fc.assert(fc.property(fc.array(anyStep, { maxLength: 30 }), (steps) => {
      const memo = new NameMemo<number | undefined>();
      const expected = new Map<number, number | undefined>();
      const seen = new Set<number>();
      for (const step of steps) {
        if (step === "clear") {
          memo.clear();
          expected.clear();
        } else {
          memo.set(step.name, step.value ?? undefined);
          expected.set(step.name, step.value ?? undefined);
          seen.add(step.name);
        }
        for (const name of seen) {
          assert.equal(memo.has(name), expected.has(name));
          if (memo.has(name)) assert.equal(memo.get(name), expected.get(name));
        }
      }
    }));
  },
);
