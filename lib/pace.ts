import { setTimeout as sleepFor } from "node:timers/promises";

/** How fast orders are sent. */
export interface PaceSetting {
  /** The least seconds between one order and the next; 0 is as fast as possible. */
  delay?: number;
  /** Orders per second by the clock: after a stall it catches up. Overrides `delay`. */
  rate?: number;
  /** So many orders at once, every so many seconds. Overrides `delay` and `rate`. */
  burst?: { size: number; every: number };
  /** From 0 to 1: each wait is up to this part shorter or longer, evenly spread; the mean stays. */
  jitter?: number;
}

/** Milliseconds since some start, and a sleep that ends early when `stop` aborts. */
export interface Clock {
  now(): number;
  sleep(ms: number, stop: AbortSignal): Promise<void>;
}

export interface PacedSend<T> {
  pace: PaceSetting;
  stop: AbortSignal;
  send(orders: T[]): Promise<void>;
  /** The most orders in one call of `send`. */
  maxBatch?: number;
  clock?: Clock;
  /** From 0 to below 1, for the jitter. */
  random?: () => number;
}

const MAX_BATCH = 20_000;
/** Above 100 orders per second, those due within 10 ms go together. */
const TICK_MS = 10;
/** Longer sleeps are split: beyond 2^31 ms a timer fires at once. */
const LONGEST_SLEEP_MS = 3_600_000;

/**
 * Hands the orders of `source` to `send` at the given pace, until all are sent or `stop` aborts.
 *
 * One send at a time, and an order is taken from `source` only when it is due, so its `created_at` is right. The send
 * in hand is finished after `stop`. The schedule is absolute: slow sends do not add up.
 */
export async function sendPaced<T>(
  source: Iterable<T> | AsyncIterable<T>,
  { pace, stop, send, maxBatch = MAX_BATCH, clock = systemClock, random = Math.random }: PacedSend<T>,
): Promise<void> {
  const orders = iterate(source);
  const schedule = new Schedule(pace, { maxBatch, clock, random });
  try {
    while (true) {
      const due = await schedule.due(stop);
      const batch: T[] = [];
      while (batch.length < due) {
        const next = orders.next();
        const { done, value } = next instanceof Promise ? await next : next; // awaiting each order costs noticeable time
        if (done) break;
        batch.push(value);
      }
      if (batch.length > 0) await send(batch);
      if (batch.length < due || due === 0) return;
    }
  } finally {
    await orders.return?.();
  }
}

class Schedule {
  readonly #intervalMs: number;
  readonly #jitter: number;
  /** Orders due after each interval. */
  readonly #size: number;
  readonly #catchesUp: boolean;
  readonly #maxBatch: number;
  readonly #clock: Clock;
  readonly #random: () => number;
  /** When the next interval ends, by the clock. */
  #nextAt: number;
  /** Orders that are due and not taken. */
  #left = 0;

  constructor(
    { delay = 0, rate, burst, jitter = 0 }: PaceSetting,
    { maxBatch, clock, random }: { maxBatch: number; clock: Clock; random: () => number },
  ) {
    this.#maxBatch = maxBatch;
    this.#intervalMs = 1_000 * (burst?.every ?? (rate === undefined ? delay : 1 / rate));
    this.#size = burst?.size ?? 1;
    this.#jitter = jitter;
    this.#catchesUp = burst === undefined && rate !== undefined;
    this.#clock = clock;
    this.#random = random;
    this.#nextAt = clock.now();
  }

  /** Waits for the next order. Returns how many are due by then, 0 once `stop` has aborted. */
  async due(stop: AbortSignal): Promise<number> {
    if (this.#intervalMs === 0) return stop.aborted ? 0 : this.#maxBatch;
    if (this.#left === 0) {
      await this.#waitUntil(this.#nextAt, stop);
      const now = this.#clock.now();
      this.#left = this.#size;
      this.#nextAt = (this.#catchesUp ? this.#nextAt : now) + this.#wait();
      for (; this.#catchesUp && this.#nextAt <= now && this.#left < this.#maxBatch; this.#left++) {
        this.#nextAt += this.#wait();
      }
    }
    if (stop.aborted) return 0;
    const taken = Math.min(this.#left, this.#maxBatch);
    this.#left -= taken;
    return taken;
  }

  #wait(): number {
    return this.#intervalMs * (1 + this.#jitter * (2 * this.#random() - 1));
  }

  async #waitUntil(at: number, stop: AbortSignal): Promise<void> {
    while (!stop.aborted && this.#clock.now() < at) {
      const left = at - this.#clock.now();
      const tick = this.#catchesUp && this.#intervalMs < TICK_MS ? TICK_MS : 0;
      await this.#clock.sleep(Math.min(Math.max(left, tick), LONGEST_SLEEP_MS), stop);
    }
  }
}

function iterate<T>(source: Iterable<T> | AsyncIterable<T>): Iterator<T> | AsyncIterator<T> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}

const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleepFor(ms, undefined, { signal }).catch(() => {}), // aborted: the caller looks at the signal
};
