import assert from "node:assert/strict";
import { testEnv } from "../support/kafka.ts";
import { fuzz } from "./fuzz.ts";

Deno.test("consume judges 5,000 mutated messages, and verify is green", async () => {
  const env = testEnv();
  const seed = crypto.getRandomValues(new Uint32Array(1))[0];
  assert.deepEqual(await fuzz({ count: 5_000, seed, env }), [], `deno task fuzz --count 5000 --seed ${seed}`);
});
