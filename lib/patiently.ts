import { setTimeout as delay } from "node:timers/promises";

/** How long to go on, and how often to try meanwhile. */
export interface Patience {
  /** Milliseconds, by a monotonic clock. */
  forMs: number;
  /** Milliseconds from the end of one attempt to the next. */
  everyMs: number;
  /** Whether an error passes by itself, so that another attempt is worth it. By default none does. */
  passes?: (error: unknown) => boolean;
}

/**
 * Repeats `attempt` until it returns something other than false. When the time is over, the last attempt's false or
 * error is the result. Each attempt gets the milliseconds left, at least one.
 */
export async function patiently<T>(
  attempt: (leftMs: number) => T | Promise<T>,
  { forMs, everyMs, passes = () => false }: Patience,
): Promise<T> {
  const deadline = performance.now() + forMs;
  const isOver = () => performance.now() + everyMs > deadline;
  while (true) {
    try {
      const answer = await attempt(Math.max(1, deadline - performance.now()));
      if (answer !== false || isOver()) return answer;
    } catch (error) {
      if (!passes(error) || isOver()) throw error;
    }
    await delay(everyMs);
  }
}
