import assert from "node:assert/strict";
import { type Clock, type PaceSetting, sendPaced } from "../../lib/pace.ts";

/** A clock that only moves when someone sleeps, or by `pass`. */
class ManualClock implements Clock {
  #now = 0;
  now() {
    return this.#now;
  }
  sleep(ms: number) {
    this.#now += ms;
    return Promise.resolve();
  }
  pass(ms: number) {
    this.#now += ms;
  }
}

/** When each order was sent, in milliseconds since the start; each send takes as long as `sendMs` says. */
async function timesOf(
  count: number,
  pace: PaceSetting,
  sendMs: (sent: number) => number = () => 0,
  random?: () => number,
): Promise<number[]> {
  const clock = new ManualClock();
  const times: number[] = [];
  await sendPaced(Array(count).keys(), {
    pace,
    clock,
    random,
    stop: new AbortController().signal,
    send: (orders) => {
      times.push(...orders.map(() => clock.now()));
      clock.pass(sendMs(times.length));
      return Promise.resolve();
    },
  });
  return times;
}

Deno.test("sendPaced() keeps the delay, however long sends take", { permissions: "none" }, async () => {
  assert.deepEqual(await timesOf(4, { delay: 1 }), [0, 1000, 2000, 3000]);
  assert.deepEqual(await timesOf(4, { delay: 1 }, () => 200), [0, 1000, 2000, 3000]);
});

Deno.test(
  "sendPaced() never sends two orders closer than the delay after a stall",
  { permissions: "none" },
  async () => {
    assert.deepEqual(await timesOf(4, { delay: 1 }, (sent) => sent === 1 ? 5_500 : 0), [0, 5500, 6500, 7500]);
  },
);

Deno.test("sendPaced() keeps a rate by the clock and catches up after a stall", { permissions: "none" }, async () => {
  assert.deepEqual(await timesOf(3, { rate: 0.5 }), [0, 2000, 4000]);
  assert.deepEqual(await timesOf(6, { rate: 1 }, (sent) => sent === 1 ? 2_500 : 0), [0, 2500, 2500, 3000, 4000, 5000]);
});

Deno.test("sendPaced() does not drift at a high rate", { permissions: "none" }, async () => {
  const times = await timesOf(100_001, { rate: 7_000 }, () => 3);
  assert.ok(Math.abs(times.at(-1)! - 100_000 / 7) < 15, `${times.at(-1)} ms`);
});

Deno.test("sendPaced() sends the orders of 10 ms together at a high rate", { permissions: "none" }, async () => {
  assert.ok(new Set(await timesOf(7_001, { rate: 7_000 })).size <= 101);
});

Deno.test("sendPaced() sends all at once without a delay, in bounded batches", { permissions: "none" }, async () => {
  const sizes: number[] = [];
  const send = (orders: number[]) => Promise.resolve(void sizes.push(orders.length));
  await sendPaced(Array(50_000).keys(), { pace: { delay: 0 }, stop: new AbortController().signal, send });
  assert.deepEqual(sizes, [20_000, 20_000, 10_000]);
});

Deno.test("sendPaced() finishes the send in hand when stopped, wakes from a sleep and closes the source", async () => {
  const stop = new AbortController();
  const sent: number[] = [];
  let closed = false;
  async function* source() {
    try {
      for (let id = 0;; id++) yield await Promise.resolve(id);
    } finally {
      closed = true;
    }
  }
  const send = async (orders: number[]) => {
    if (sent.length === 1) setTimeout(() => stop.abort(), 1); // while it sleeps for the next order
    await Promise.resolve();
    sent.push(...orders);
  };
  const rate = { rate: 100 };
  await sendPaced(source(), { pace: rate, stop: stop.signal, send });
  assert.deepEqual(sent, [0, 1]);
  assert.ok(closed);
  await sendPaced([1, 2], { pace: { delay: 3_600 }, stop: stop.signal, send });
  assert.deepEqual(sent, [0, 1], "nothing is sent after a stop");
});

Deno.test("sendPaced() rejects when a send does and takes nothing more", { permissions: "none" }, async () => {
  const orders = [1, 2, 3].values();
  const send = () => Promise.reject(new Error("broker away"));
  const sending = sendPaced(orders, { pace: { delay: 1 }, stop: new AbortController().signal, send });
  await assert.rejects(sending, /broker away/);
  assert.equal(orders.next().value, 2);
});

Deno.test(
  "sendPaced() sends bursts of orders at once, which a stall does not pile up",
  { permissions: "none" },
  async () => {
    const pace = { burst: { size: 3, every: 2 } };
    assert.deepEqual(await timesOf(7, pace), [0, 0, 0, 2000, 2000, 2000, 4000]);
    assert.deepEqual(await timesOf(6, pace, (sent) => sent === 3 ? 7_000 : 0), [0, 0, 0, 7000, 7000, 7000]);
  },
);

Deno.test("sendPaced() sends a burst of any size in bounded batches", { permissions: "none" }, async () => {
  const sizes: number[] = [];
  const send = (orders: number[]) => Promise.resolve(void sizes.push(orders.length));
  const pace = { burst: { size: 45_000, every: 0.001 } };
  await sendPaced(Array(50_000).keys(), { pace, stop: new AbortController().signal, send });
  assert.deepEqual(sizes, [20_000, 20_000, 5_000, 5_000]);
});

Deno.test("sendPaced() varies each wait by the jitter, and keeps the mean", { permissions: "none" }, async () => {
  const draws = [0, 0.5, 0.999, 0.25].values();
  const times = await timesOf(5, { delay: 1, jitter: 0.5 }, () => 0, () => draws.next().value ?? 0);
  assert.deepEqual(times.map(Math.round), [0, 500, 1500, 2999, 3749]);
  for (const pace of [{ delay: 0.01 }, { rate: 100 }, { rate: 5_000 }, { burst: { size: 2, every: 0.02 } }]) {
    const [even, uneven] = [await timesOf(10_000, pace), await timesOf(10_000, { ...pace, jitter: 1 })];
    assert.ok(Math.abs(uneven.at(-1)! / even.at(-1)! - 1) < 0.1, `${even.at(-1)} ms, ${uneven.at(-1)} ms`);
    assert.notDeepEqual(uneven, even);
  }
});
