import { Outage } from "../../errors.ts";

/** Quiet time after a batch that counts as idle, in milliseconds. */
const IDLE_MS = 100;
/** Under load a checkpoint is written this often at most, in milliseconds… */
const BUSY_MS = 1_000;
/** …and takes no more than this share of the time. */
const BUSY_SHARE = 0.03;

/**
 * Writes the store's checkpoint lazily: when no batch has come for a moment, and now and then under load.
 *
 * A checkpoint is for people and for a quick start; the log alone is the truth. Its errors are thrown by the next call.
 */
export class Checkpointer {
  readonly #store: { checkpoint(): Promise<void> };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #notBefore = 0;
  #running: Promise<void> = Promise.resolve();
  #error: unknown;

  constructor(store: { checkpoint(): Promise<void> }) {
    this.#store = store;
  }

  /** Says that a batch was just committed. */
  soon(): void {
    if (this.#error !== undefined) throw this.#error;
    const now = performance.now();
    this.#notBefore ||= now + BUSY_MS;
    clearTimeout(this.#timer);
    const wait = Math.min(IDLE_MS, Math.max(0, this.#notBefore - now));
    this.#timer = setTimeout(() => this.#running = this.#write(), wait);
  }

  /** Ends the waiting; whoever closes the store writes the last checkpoint. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #write(): Promise<void> {
    const start = performance.now();
    try {
      await this.#store.checkpoint();
    } catch (error) {
      // A CSV that does not parse right now stops the next batch as well, which tells the person and waits.
      if (!(error instanceof Outage)) this.#error = error;
    }
    const took = performance.now() - start;
    this.#notBefore = performance.now() + Math.max(BUSY_MS, took / BUSY_SHARE);
  }
}
