import assert from "node:assert/strict";
import { EXIT, Outage } from "../../../../lib/errors.ts";
import { Outages } from "../../../../lib/kafka/consume/outages.ts";

const away = new Outage(EXIT.unavailable, "away");

Deno.test("Outages says that one is over once nobody waits any more, whoever else was lucky or joined", async () => {
  const told: (string | undefined)[] = [];
  const outages = new Outages((sentence) => told.push(sentence), new AbortController().signal);
  let isBack = false;
  const unlucky = outages.waitOut(() => isBack ? Promise.resolve("done") : Promise.reject(away));
  const lucky = (isAgain: boolean) => isAgain ? Promise.resolve("done") : Promise.reject(away);
  assert.equal(await outages.waitOut(lucky), "done");
  outages.joined();
  assert.deepEqual(told, ["away"]);
  isBack = true;
  assert.equal(await unlucky, "done");
  assert.deepEqual(told, ["away", undefined]);
});
