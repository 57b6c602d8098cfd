import assert from "node:assert/strict";
import { testEnv } from "../support/kafka.ts";
import { reuseDatabases } from "../support/postgres_database.ts";
import { held, seededRandom } from "./fault.ts";
import { FAULTS } from "./rows.ts";

reuseDatabases();

for (const fault of FAULTS.filter(({ runs }) => runs.sample > 0)) {
  const reason = fault.skip?.();
  const name = `fault ${fault.row}: ${fault.name}`;
  Deno.test({
    name: reason === undefined ? name : `${name} (skipped: ${reason})`,
    ignore: reason !== undefined,
    fn: async () => {
      const env = testEnv();
      for (let run = 0; run < fault.runs.sample; run++) {
        const seed = crypto.getRandomValues(new Uint32Array(1))[0];
        const outcome = await fault.run({ seed, random: seededRandom(seed), env, isSample: true });
        const repeat = `deno task faults --row ${fault.row} --runs 1 --seed ${seed}`;
        assert.ok(held(outcome), `${JSON.stringify(outcome)}; repeat it with: ${repeat}`);
      }
    },
  });
}
