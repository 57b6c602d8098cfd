import assert from "node:assert/strict";
import { reuseDatabases } from "../support/postgres_database.ts";
import { held, seededRandom } from "./fault.ts";
import { POSTGRES_FAULTS } from "./postgres_rows.ts";

const NO_STACK = { KAFKA_BOOTSTRAP_SERVERS: "", SCHEMA_REGISTRY_URL: "" };

reuseDatabases();

for (const { row, name, runs, skip, run } of POSTGRES_FAULTS) {
  const reason = skip?.();
  Deno.test({
    name: `fault ${row}: ${name}${reason === undefined ? "" : ` (skipped: ${reason})`}`,
    ignore: reason !== undefined,
    async fn() {
      for (let count = 0; count < runs.sample; count++) {
        const [seed] = crypto.getRandomValues(new Uint32Array(1));
        const outcome = await run({ seed, random: seededRandom(seed), env: NO_STACK });
        const repeat = `deno task faults --row ${row} --runs 1 --seed ${seed}`;
        assert.ok(held(outcome), `${JSON.stringify(outcome)}; repeat it with: ${repeat}`);
      }
    },
  });
}
