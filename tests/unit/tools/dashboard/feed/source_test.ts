import assert from "node:assert/strict";
import { EXIT, Outage } from "../../../../../lib/errors.ts";
import { Source } from "../../../../../tools/dashboard/feed/source.ts";

Deno.test("Source tells a fault of the dashboard from something that is away", async () => {
  const looks = [
    () => Promise.reject(new Outage(EXIT.unavailable, "The store is away")),
    () => Promise.reject(new TypeError("x is undefined")),
    () => Promise.resolve(1),
  ];
  const source = new Source(() => looks.shift()!());
  const sentence = async () => (await source.refresh(), source.health.ok ? "" : source.health.sentence);
  assert.equal(await sentence(), "The store is away");
  assert.match(await sentence(), /^The dashboard itself has a fault, please report it: x is undefined$/);
  assert.deepEqual([await sentence(), source.latest], ["", 1]);
});
