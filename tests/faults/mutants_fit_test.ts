import assert from "node:assert/strict";
import { misfits } from "./mutant.ts";
import { POSTGRES_MUTANTS } from "./postgres_mutants.ts";
import { MUTANTS } from "./store_mutants.ts";

Deno.test("every mutant finds the source that it changes, though only some are run here", () => {
  assert.deepEqual(misfits([...MUTANTS, ...POSTGRES_MUTANTS]), []);
});
