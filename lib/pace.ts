import { setImmediate as turnOfLoop, setTimeout as sleepFor } from "node:timers/promises";
import { Rhythm, type RhythmSetting } from "./rhythm.ts";

/** How fast orders are sent; a `speed` overrides the others. */
export interface PaceSetting extends RhythmSetting {
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
  /** How many orders there are, if that is known: nothing is waited for after the last one. */
  total?: number;
  /** When an order was created, in milliseconds since the epoch; for a pace with `speed`. */
  timeOf?(order: T): number;
  /** The most orders in one call of `send`. */
  maxBatch?: number;
  clock?: Clock;
  /** From 0 to below 1, for the jitter. */
  random?: () => number;
}

const MAX_BATCH = 20_000;
/**
 * Without any pace: few enough that a batch is garbage before the collector has copied most of it. With 20,000 a replay
 * takes a quarter more CPU time.
 */
const UNPACED_BATCH = 2_000;
/** Above 100 orders per second, and with a `speed`, those due within 10 ms go together. */
const TICK_MS = 10;
/** Longer sleeps are split: beyond 2^31 ms a timer fires at once. */
const LONGEST_SLEEP_MS = 3_600_000;

/**
 * Hands the orders of `source` to `send` at the given pace, until all are sent or `stop` aborts.
 *
 * One send at a time, and an order is taken from `source` only when it is due, so its `created_at` is right; with a
 * `speed`, one ahead, and without any pace the next ones are taken during a send. The send in hand is finished after
 * `stop`. The schedule is absolute: slow sends do not add up.
 */
export async function sendPaced<T>(
  source: Iterable<T> | AsyncIterable<T>,
  options: PacedSend<T>,
): Promise<void> {
  const { pace, stop, send, total = Infinity, timeOf, maxBatch = MAX_BATCH } = options;
  const { clock = systemClock, random = Math.random } = options;
  const orders = iterate(source);
  if (pace.speed !== undefined) return await sendInRhythm(orders, { pace, stop, send, timeOf, maxBatch, clock });
  const schedule = new Schedule(pace, { maxBatch, clock, random });
  let sending = Promise.resolve();
  try {
    for (let sent = 0; sent < total;) {
      const due = await schedule.due(stop);
      const batch: T[] = [];
      while (batch.length < due) {
        const next = orders.next();
        const { done, value } = next instanceof Promise ? await next : next; // awaiting each order costs noticeable time
        if (done) break;
        batch.push(value);
      }
      await sending;
      if (batch.length > 0) sending = send(batch);
      if (batch.length < due || due === 0) break;
      sent += batch.length;
      if (schedule.isPaced) await sending;
      else await begun(sending);
    }
    await sending;
  } finally {
    await Promise.allSettled([sending]); // the source may have failed meanwhile
    await orders.return?.();
  }
}

/** Resolves once `sending` is on its way, failed or not: its error is thrown where it is awaited. */
async function begun(sending: Promise<void>): Promise<void> {
  sending.catch(() => {});
  await turnOfLoop();
}

async function sendInRhythm<T>(
  orders: Iterator<T> | AsyncIterator<T>,
  { pace, stop, send, timeOf, maxBatch, clock }:
    & Required<Omit<PacedSend<T>, "timeOf" | "total" | "random">>
    & Pick<PacedSend<T>, "timeOf">,
): Promise<void> {
  const rhythm = new Rhythm(pace);
  let dueAt = clock.now();
  async function take(): Promise<{ order: T; dueAt: number } | undefined> {
    const { done, value } = await orders.next();
    if (done) return undefined;
    dueAt += rhythm.gapBefore(timeOf!(value));
    return { order: value, dueAt };
  }
  try {
    for (let next = await take(); next !== undefined;) {
      await sleepUntil(next.dueAt, { clock, stop, tick: TICK_MS });
      if (stop.aborted) return;
      const batch: T[] = [];
      for (const now = clock.now(); next !== undefined && next.dueAt <= now && batch.length < maxBatch;) {
        batch.push(next.order);
        next = await take();
      }
      await send(batch);
    }
  } finally {
    await orders.return?.();
  }
}

/** At least `tick` milliseconds where it sleeps at all. */
async function sleepUntil(
  at: number,
  { clock, stop, tick }: { clock: Clock; stop: AbortSignal; tick: number },
): Promise<void> {
  while (!stop.aborted && clock.now() < at) {
    await clock.sleep(Math.min(Math.max(at - clock.now(), tick), LONGEST_SLEEP_MS), stop);
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

  /** Whether there is a delay between orders. */
  get isPaced(): boolean {
    return this.#intervalMs > 0;
  }

  /** Waits for the next order. Returns how many are due by then, 0 once `stop` has aborted. */
  async due(stop: AbortSignal): Promise<number> {
    if (this.#intervalMs === 0) return stop.aborted ? 0 : Math.min(this.#maxBatch, UNPACED_BATCH);
    if (this.#left === 0) {
      const tick = this.#catchesUp && this.#intervalMs < TICK_MS ? TICK_MS : 0;
      await sleepUntil(this.#nextAt, { clock: this.#clock, stop, tick });
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
}

function iterate<T>(source: Iterable<T> | AsyncIterable<T>): Iterator<T> | AsyncIterator<T> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}

const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleepFor(ms, undefined, { signal }).catch(() => {}), // aborted: the caller looks at the signal
};
