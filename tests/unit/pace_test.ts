import assert from "node:assert/strict";
import { type Clock, type PaceSetting, sendPaced } from "../../lib/pace.ts";
import { lengthOf } from "../../lib/rhythm.ts";

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

/** When each order was sent that was created at these times, in milliseconds. */
async function rhythmOf(created: readonly number[], pace: PaceSetting): Promise<number[]> {
  const clock = new ManualClock();
  const times: number[] = [];
  await sendPaced(created, {
    pace,
    clock,
    stop: new AbortController().signal,
    timeOf: (time) => time,
    send: (orders) => {
      times.push(...orders.map(() => clock.now()));
      return Promise.resolve();
    },
  });
  assert.equal(await lengthOf(created, pace, (time) => time), times.at(-1));
  return times;
}

Deno.test(
  "sendPaced() keeps the gaps between the orders as they were created, divided by the speed",
  { permissions: "none" },
  async () => {
    assert.deepEqual(await rhythmOf([5_000, 5_100, 8_100, 8_100], { speed: 1 }), [0, 100, 3_100, 3_100]);
    assert.deepEqual(await rhythmOf([5_000, 5_100, 8_100, 9_100], { speed: 10 }), [0, 10, 310, 410]);
    assert.deepEqual(await rhythmOf([0, 100], { speed: 0.5 }), [0, 200]);
  },
);

Deno.test("sendPaced() waits for no gap longer than the longest, at any speed", { permissions: "none" }, async () => {
  assert.deepEqual(await rhythmOf([0, 60_000, 61_000], { speed: 1, maxGap: 2 }), [0, 2_000, 3_000]);
  assert.deepEqual(await rhythmOf([0, 60_000, 61_000], { speed: 10, maxGap: 2 }), [0, 2_000, 2_100]);
});

Deno.test(
  "sendPaced() sends an order at once that was created before the one ahead of it, and the whole takes as long",
  { permissions: "none" },
  async () => assert.deepEqual(await rhythmOf([1_000, 3_000, 2_000, 3_500], { speed: 1 }), [0, 2_000, 2_000, 2_500]),
);

Deno.test("sendPaced() catches up with the rhythm after a slow send", { permissions: "none" }, async () => {
  const created = [0, 1_000, 2_000, 3_000];
  const pace = { speed: 1 };
  const times: number[] = [];
  const clock = new ManualClock();
  const send = (orders: number[]) => {
    times.push(...orders.map(() => clock.now()));
    if (times.length === 1) clock.pass(2_500);
    return Promise.resolve();
  };
  await sendPaced(created, { pace, clock, send, stop: new AbortController().signal, timeOf: (time) => time });
  assert.deepEqual(times, [0, 2_500, 2_500, 3_000]);
});

Deno.test(
  "sendPaced() sends orders of the same moment together, in bounded batches",
  { permissions: "none" },
  async () => {
    const sizes: number[] = [];
    const send = (orders: number[]) => Promise.resolve(void sizes.push(orders.length));
    const stop = new AbortController().signal;
    await sendPaced(Array<number>(50_000).fill(7), { pace: { speed: 1 }, stop, send, timeOf: (time) => time });
    assert.deepEqual(sizes, [20_000, 20_000, 10_000]);
  },
);

Deno.test(
  "sendPaced() sends nothing after a stop between two orders, and closes the source",
  { permissions: "none" },
  async () => {
    const stop = new AbortController();
    const sent: number[] = [];
    let closed = false;
    function* source() {
      try {
        yield* [0, 3_600_000];
      } finally {
        closed = true;
      }
    }
    const send = (orders: number[]) => {
      sent.push(...orders);
      queueMicrotask(() => stop.abort());
      return Promise.resolve();
    };
    await sendPaced(source(), { pace: { speed: 1 }, stop: stop.signal, send, timeOf: (time) => time });
    assert.deepEqual([sent, closed], [[0], true]);
  },
);

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
  assert.deepEqual(new Set(sizes.slice(0, -1)), new Set([2_000]));
  assert.equal(sizes.length, 25);
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
  const rate = { rate: 5 };
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

Deno.test("sendPaced() waits for nothing after the last order, where it knows how many there are", {
  permissions: "none",
}, async () => {
  for (const pace of [{ delay: 60 }, { rate: 1 / 60 }, { burst: { size: 2, every: 60 } }]) {
    const clock = new ManualClock();
    let last = 0;
    const send = () => Promise.resolve(void (last = clock.now()));
    const stop = new AbortController().signal;
    await sendPaced(Array(4).keys(), { pace, clock, stop, total: 4, send });
    assert.equal(clock.now(), last);
  }
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
