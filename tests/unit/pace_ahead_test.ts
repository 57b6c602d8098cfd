import assert from "node:assert/strict";
import { setImmediate as turnOfLoop } from "node:timers/promises";
import { sendPaced } from "../../lib/pace.ts";

Deno.test("sendPaced() takes the next orders during a send where there is no delay, one send at a time", async () => {
  const events: string[] = [];
  function* source() {
    for (const id of ["a", "b", "c"]) {
      events.push(`take ${id}`);
      yield id;
    }
  }
  const send = async ([id]: string[]) => {
    events.push(`send ${id}`);
    await turnOfLoop();
    await turnOfLoop();
    events.push(`sent ${id}`);
  };
  await sendPaced(source(), { pace: {}, stop: new AbortController().signal, send, maxBatch: 1 });
  const expected = "take a, send a, take b, sent a, send b, take c, sent b, send c, sent c";
  assert.equal(events.join(", "), expected);
});

Deno.test("sendPaced() waits for the send in hand when the source fails", { permissions: "none" }, async () => {
  function* source() {
    yield 1;
    throw new Error("line damaged");
  }
  const sent: number[] = [];
  const send = async (orders: number[]) => {
    await turnOfLoop();
    await turnOfLoop();
    sent.push(...orders);
  };
  const sending = sendPaced(source(), { pace: {}, stop: new AbortController().signal, send, maxBatch: 1 });
  await assert.rejects(sending, /line damaged/);
  assert.deepEqual(sent, [1]);
});

Deno.test("sendPaced() rejects when a send without a delay does, and sends nothing more", async () => {
  const sent: number[] = [];
  const send = ([id]: number[]) => {
    sent.push(id);
    return id === 2 ? Promise.reject(new Error("broker away")) : Promise.resolve();
  };
  const sending = sendPaced([1, 2, 3, 4], { pace: {}, stop: new AbortController().signal, send, maxBatch: 1 });
  await assert.rejects(sending, /broker away/);
  assert.deepEqual(sent, [1, 2]);
});
