import assert from "node:assert/strict";
import { testEnv } from "../support/kafka.ts";
import { held, seededRandom } from "./fault.ts";
import { MUTANT_FAULTS, MUTANT_NAMES, runMutants } from "./store_mutants.ts";

/** Of all mutants; `deno task faults --row 27` takes every one. */
const SAMPLE = 2;

const seed = crypto.getRandomValues(new Uint32Array(1))[0];
const random = seededRandom(seed);
const reason = MUTANT_FAULTS[0].skip?.();

for (const name of [...MUTANT_NAMES].sort(() => random() - 0.5).slice(0, SAMPLE)) {
  Deno.test({
    name: `fault 27: the mutant "${name}" is noticed${reason === undefined ? "" : ` (skipped: ${reason})`}`,
    ignore: reason !== undefined,
    fn: async () => {
      const env = testEnv();
      const outcome = await runMutants({ seed, random, env }, name);
      assert.ok(held(outcome), outcome.broken.join("; "));
    },
  });
}
