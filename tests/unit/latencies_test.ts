import assert from "node:assert/strict";
import { Latencies } from "../../lib/latencies.ts";

Deno.test("Latencies tells percentiles to a hundredth, and the longest time exactly", { permissions: "none" }, () => {
  const latencies = new Latencies();
  assert.deepEqual([latencies.percentile(50), latencies.max], [0, 0]);
  for (let ms = 1; ms <= 1_000; ms++) latencies.add(ms, 1);
  for (const [percent, exact] of [[50, 500], [95, 950], [99, 990], [100, 1_000]] as const) {
    const told = latencies.percentile(percent);
    assert.ok(told >= exact && told <= exact * 1.01, `p${percent} is ${told}`);
  }
  assert.equal(latencies.max, 1_000);
});

Deno.test("Latencies counts each order of a batch", { permissions: "none" }, () => {
  const latencies = new Latencies();
  latencies.add(0, 90);
  latencies.add(100, 10);
  assert.ok(latencies.percentile(90) < 0.001);
  assert.equal(latencies.percentile(95), 100);
});
