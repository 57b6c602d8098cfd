import { setTimeout as delay } from "node:timers/promises";
import { Outage } from "../../errors.ts";

const MAX_TRIES = 10;
const MAX_PAUSE_MS = 1_000;
/** Work that began this long ago is not tried again. */
const PATIENCE_MS = 30_000;

/**
 * Repeats `work`, a transaction, after a conflict with others or a broken connection: for a few seconds, after that
 * the caller has to wait out the {@linkcode Outage}. Pauses are random, so that two that collided do not do so again.
 */
export async function throughConflicts<T>(
  work: (attempt: number) => Promise<T>,
  isGivenUp = () => false,
): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (let attempt = 1;; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      if (!(error instanceof Outage) || attempt >= MAX_TRIES || Date.now() > deadline || isGivenUp()) throw error;
      await delay(Math.random() * Math.min(MAX_PAUSE_MS, 10 * 2 ** attempt));
    }
  }
}
