import { seededRandom } from "./fault.ts";
import assert from "node:assert/strict";
import { testEnv } from "../support/kafka.ts";
import { KAFKA_FAULTS } from "./kafka_rows.ts";

for (const { row, name, runs, skip, run } of KAFKA_FAULTS) {
  const reason = skip?.();
  Deno.test({
    name: `fault ${row}: ${name}${reason === undefined ? "" : ` (${reason})`}`,
    ignore: reason !== undefined,
    async fn() {
      const env = testEnv();
      for (let count = 0; count < runs.sample; count++) {
        const [seed] = crypto.getRandomValues(new Uint32Array(1));
        const { recoveryMs: _, ...found } = await run({ seed, random: seededRandom(seed), env });
        const nothing = { lost: 0, doubled: 0, unbalanced: 0, broken: [] };
        assert.deepEqual(found, nothing, `repeat it with: deno task faults --row ${row} --runs 1 --seed ${seed}`);
      }
    },
  });
}
