import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "../../lib/errors.ts";
import { task } from "../support/commands.ts";

Deno.test("bench measures a work and its peer, and leaves a table, figures and a picture behind", async () => {
  const out = Deno.makeTempDirSync({ prefix: "orders-bench-" });
  try {
    const args = ["--orders", "2000", "--rounds", "1", "--only", "consume", "--out", out];
    const { code, stdout, stderr } = await task("bench", args, {});
    assert.equal(code, EXIT.ok, stderr);
    assert.match(stdout, /^consume .* orders\/s .*ConsumerPerformance .* >= 0\.\d+x +(ok|missed)$/m);
    const names = [...Deno.readDirSync(out)].map(({ name }) => name).sort();
    assert.deepEqual(names, ["bench.json", "bench.svg"], "nothing else is left");
    const { works: [{ result }] } = JSON.parse(Deno.readTextFileSync(join(out, "bench.json")));
    assert.equal(result.samples[0].details.accepted, 2_000);
    assert.match(Deno.readTextFileSync(join(out, "bench.svg")), /^<svg [^]*>consume<[^]*<\/svg>\n$/);
  } finally {
    Deno.removeSync(out, { recursive: true });
  }
});

Deno.test("bench holds a consumer on a database against a bare insert, and says who used the CPU", async () => {
  const out = Deno.makeTempDirSync({ prefix: "orders-bench-" });
  try {
    const args = ["--orders", "2000", "--rounds", "1", "--only", "postgres", "--out", out];
    const { code, stdout, stderr } = await task("bench", args, {});
    assert.equal(code, EXIT.ok, stderr);
    assert.match(stdout, /^PostgreSQL, one consumer .* orders\/s .*bare INSERT .* >= 0\.\d+x +(ok|missed)$/m);
    const { works: [{ result }] } = JSON.parse(Deno.readTextFileSync(join(out, "bench.json")));
    const { cpuPerMillion, peerCpuPerMillion, residentMb } = result.samples[0].details;
    assert.deepEqual(Object.keys(cpuPerMillion), ["consumers", "broker", "database"]);
    assert.deepEqual(Object.keys(peerCpuPerMillion), ["client", "database"]);
    assert.ok(residentMb > 0);
  } finally {
    Deno.removeSync(out, { recursive: true });
  }
});
