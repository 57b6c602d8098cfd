import assert from "node:assert/strict";
import { held, seededRandom } from "./fault.ts";
import { runMutants } from "./mutant.ts";
import { POSTGRES_MUTANT_FAULTS, POSTGRES_MUTANTS } from "./postgres_mutants.ts";

/** Of all mutants; `deno task faults --row 34` takes every one. */
const SAMPLE = 1;

const NO_STACK = { KAFKA_BOOTSTRAP_SERVERS: "", SCHEMA_REGISTRY_URL: "" };
const seed = crypto.getRandomValues(new Uint32Array(1))[0];
const random = seededRandom(seed);
const reason = POSTGRES_MUTANT_FAULTS[0].skip?.();

for (const mutant of [...POSTGRES_MUTANTS].sort(() => random() - 0.5).slice(0, SAMPLE)) {
  Deno.test({
    name: `fault 34: the mutant "${mutant.name}" is noticed${reason === undefined ? "" : ` (skipped: ${reason})`}`,
    ignore: reason !== undefined,
    fn: async () => {
      const outcome = await runMutants([mutant], { seed, random, env: NO_STACK });
      assert.ok(held(outcome), outcome.broken.join("; "));
    },
  });
}
