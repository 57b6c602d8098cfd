import assert from "node:assert/strict";
import type { EachBatchPayload } from "kafkajs";
import { Fetch } from "../../../../lib/kafka/consume/fetch.ts";
import { Rejoining } from "../../../../lib/kafka/consume/rejoining.ts";

/** What kafkajs hands out, as far as a heartbeat needs it. */
function payload(isRunning: boolean, heartbeat: () => Promise<void>): EachBatchPayload {
  return { isRunning: () => isRunning, heartbeat } as EachBatchPayload;
}

Deno.test("Fetch.keepAlive() beats for its own client, and no more once that has crashed", async () => {
  const rejoining = new Rejoining();
  const unknown = Object.assign(new Error("gone"), { type: "UNKNOWN_MEMBER_ID" });
  using crashed = new Fetch(payload(false, () => Promise.reject(unknown)), rejoining);
  const { promise: beaten, resolve } = Promise.withResolvers<void>();
  using running = new Fetch(payload(true, () => Promise.resolve(resolve())), rejoining);
  await crashed.keepAlive(() => running.keepAlive(() => beaten));
  assert.equal(running.isOver, false, "the member that took its place need not join again");
});
