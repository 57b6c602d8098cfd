import assert from "node:assert/strict";
import { testEnv } from "../support/kafka.ts";
import { reuseDatabases } from "../support/postgres_database.ts";
import { held, seededRandom } from "./fault.ts";
import { FAULTS } from "./rows.ts";

reuseDatabases();

/** In both a broker is away for long, dead or frozen: together they take a minute and a half, so chance picks one. */
const BROKER_AWAY = [14, 15];
const leftOut = BROKER_AWAY[Math.floor(Math.random() * BROKER_AWAY.length)];

for (const fault of FAULTS.filter(({ row, runs }) => runs.sample > 0 && row !== leftOut)) {
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

Deno.test("a row on PostgreSQL is skipped until the campaign has started one, and not after that", () => {
  const before = Deno.env.get("TEST_DATABASE_URL");
  const skipped = () => FAULTS.map((fault) => fault.skip?.() ?? "").filter((reason) => /PostgreSQL/.test(reason));
  try {
    Deno.env.delete("TEST_DATABASE_URL");
    assert.ok(skipped().length > 0);
    Deno.env.set("TEST_DATABASE_URL", "postgres://orders@127.0.0.1/orders");
    assert.deepEqual(skipped(), []);
  } finally {
    if (before === undefined) Deno.env.delete("TEST_DATABASE_URL");
    else Deno.env.set("TEST_DATABASE_URL", before);
  }
});
