import assert from "node:assert/strict";
import { join } from "node:path";
import { Tallies } from "./tally.ts";

const HELD = { lost: 0, doubled: 0, unbalanced: 0, recoveryMs: 1, broken: [] };

Deno.test("a row that is complete, or a run that is repeated, leaves the rest of an interrupted campaign", () => {
  const folder = Deno.makeTempDirSync({ prefix: "orders-tally-" });
  const path = join(folder, "faults.json");
  try {
    const first = Tallies.load(path);
    for (const name of ["kill", "power"]) first.of(name).add(1, HELD);
    first.save();
    const repeat = new Tallies();
    repeat.of("kill").add(2, { ...HELD, lost: 1 });
    repeat.save();
    repeat.forget(["kill"]);
    Tallies.load(path).forget(["kill"]);
    const rest = Tallies.load(path);
    assert.deepEqual([rest.of("kill").runs, rest.of("power").runs], [0, 1]);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
