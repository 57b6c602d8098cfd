import assert from "node:assert/strict";
import { Judge } from "../../lib/judge_batch.ts";
import type { DeadLetter, DeadLetterSink, OrderBatch, OrderStore } from "../../lib/ports.ts";
import { processBatch } from "../../lib/process_batch.ts";
import { columnsOf } from "../support/verdicts.ts";

const pure = { permissions: "none" } as const;
const at = { topic: "orders", partition: 2, offset: 7 };

function batch(ids: string[], deadLetters: number): OrderBatch {
  const contents = { user: "alice", item: "book", quantity: 1, created_at: 0 };
  const dead = { at, key: null, value: null, headers: [], timestamp: 0, reason: "no order" };
  return {
    topic: "orders",
    partition: 2,
    from: 5,
    to: 20,
    orders: columnsOf(ids.map((order_id) => ({ order: { order_id, ...contents }, at }))),
    deadLetters: new Array(deadLetters).fill(dead),
  };
}

/** A store and a dead letter sink that say what they were asked, in turn. */
function ports(fail?: "store" | "sink") {
  const calls: string[] = [];
  const store: Pick<OrderStore, "process"> = {
    process({ orders }, judge) {
      calls.push(`process ${orders.length}`);
      if (fail === "store") return Promise.reject(new Error("disk"));
      const user = () => ({ name: "alice", status: "paid" });
      const item = () => ({ quantity: 1 });
      return Promise.resolve(judge({ version: 1, user, item, accepted: () => undefined }));
    },
  };
  const deadLetters: DeadLetterSink = {
    send(deadLetters: readonly DeadLetter[]) {
      calls.push(`send ${deadLetters.length}`);
      return fail === "sink" ? Promise.reject(new Error("broker")) : Promise.resolve();
    },
  };
  return { calls, ports: { store: store as OrderStore, deadLetters, judge: new Judge() } };
}

Deno.test("processBatch() sends dead letters before any verdict takes effect", pure, async () => {
  const world = ports();
  const verdicts = await processBatch(batch(["a", "b"], 1), world.ports);
  assert.deepEqual(world.calls, ["send 1", "process 2"]);
  assert.deepEqual(verdicts.outcomes, ["accepted", "insufficient-stock"]);
});

Deno.test("processBatch() sends nothing where every message is an order", pure, async () => {
  const world = ports();
  await processBatch(batch(["a"], 0), world.ports);
  assert.deepEqual(world.calls, ["process 1"]);
});

Deno.test(
  "processBatch() judges nothing when a dead letter cannot be sent, and fails when the store does",
  pure,
  async () => {
    const both = batch(["a"], 1);
    const silent = ports("sink");
    await assert.rejects(processBatch(both, silent.ports), /broker/);
    assert.deepEqual(silent.calls, ["send 1"]);
    await assert.rejects(processBatch(both, ports("store").ports), /disk/);
  },
);
