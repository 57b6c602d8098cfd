import { setTimeout as sleepFor } from "node:timers/promises";

/** How fast orders are sent. */
export interface PaceSetting {
  /** The least seconds between one order and the next; 0 is as fast as possible. */
  delay?: number;
  /** Orders per second by the clock: after a stall it catches up. Overrides `delay`. */
  rate?: number;
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
  { pace, stop, send, maxBatch = MAX_BATCH, clock = systemClock }: PacedSend<T>,
): Promise<void> {
  const orders = iterate(source);
  const schedule = new Schedule(pace, maxBatch, clock);
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
  readonly #catchesUp: boolean;
  readonly #maxBatch: number;
  readonly #clock: Clock;
  /** When the next order is due, by the clock. */
  #nextAt: number;

  constructor({ delay = 0, rate }: PaceSetting, maxBatch: number, clock: Clock) {
    this.#maxBatch = maxBatch;
    this.#intervalMs = rate === undefined ? delay * 1_000 : 1_000 / rate;
    this.#catchesUp = rate !== undefined;
    this.#clock = clock;
    this.#nextAt = clock.now();
  }

  /** Waits for the next order. Returns how many are due by then, 0 once `stop` has aborted. */
  async due(stop: AbortSignal): Promise<number> {
    if (this.#intervalMs === 0) return stop.aborted ? 0 : this.#maxBatch;
    await this.#waitUntil(this.#nextAt, stop);
    if (stop.aborted) return 0;
    const now = this.#clock.now();
    const due = this.#catchesUp ? 1 + Math.floor((now - this.#nextAt) / this.#intervalMs) : 1;
    const taken = Math.min(due, this.#maxBatch);
    this.#nextAt = (this.#catchesUp ? this.#nextAt : now) + taken * this.#intervalMs;
    return taken;
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
