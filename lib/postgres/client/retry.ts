import { setTimeout as delay } from "node:timers/promises";
import { Outage } from "../../errors.ts";

const MAX_TRIES = 10;
const MAX_PAUSE_MS = 1_000;
/** Nothing is tried again that began so long ago. */
const PATIENCE_MS = 30_000;

/**
 * Does `work`, a transaction, again where others were in its way or a connection broke: for a few seconds, after that
 * its {@linkcode Outage} is the caller's to wait out. Pauses are random, so that two that met do not meet again.
 */
export async function throughConflicts<T>(work: (attempt: number) => Promise<T>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (let attempt = 1;; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      if (!(error instanceof Outage) || attempt >= MAX_TRIES || Date.now() > deadline) throw error;
      await delay(Math.random() * Math.min(MAX_PAUSE_MS, 10 * 2 ** attempt));
    }
  }
}
