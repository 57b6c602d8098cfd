import assert from "node:assert/strict";
import { testEnv } from "../support/kafka.ts";
import { held, seededRandom } from "./fault.ts";
import { runMutants } from "./mutant.ts";
import { MUTANT_FAULTS, MUTANTS } from "./store_mutants.ts";

/** Of all mutants; `deno task faults --row 27` takes every one. */
const SAMPLE = 2;

const seed = crypto.getRandomValues(new Uint32Array(1))[0];
const random = seededRandom(seed);
const reason = MUTANT_FAULTS[0].skip?.();

for (const mutant of [...MUTANTS].sort(() => random() - 0.5).slice(0, SAMPLE)) {
  Deno.test({
    name: `fault 27: the mutant "${mutant.name}" is noticed${reason === undefined ? "" : ` (skipped: ${reason})`}`,
    ignore: reason !== undefined,
    fn: async () => {
      const env = testEnv();
      const outcome = await runMutants([mutant], { seed, random, env });
      assert.ok(held(outcome), outcome.broken.join("; "));
    },
  });
}
