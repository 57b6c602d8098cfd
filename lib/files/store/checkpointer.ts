import { Outage } from "../../errors.ts";

/** Time without a batch that counts as idle, in milliseconds. */
const IDLE_MS = 100;
/** Under load, the least time between checkpoints, in milliseconds… */
const BUSY_MS = 1_000;
/** …which take no more than this share of the time. */
const BUSY_SHARE = 0.03;

/**
 * Writes the store's checkpoint lazily: when no batch has come for a moment, and now and then under load.
 *
 * A checkpoint is for people and for a quick start; only the log counts. Its errors are thrown by the next call.
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

  /** To be called after each committed batch. */
  soon(): void {
    if (this.#error !== undefined) throw this.#error;
    const now = performance.now();
    this.#notBefore ||= now + BUSY_MS;
    clearTimeout(this.#timer);
    const wait = Math.min(IDLE_MS, Math.max(0, this.#notBefore - now));
    this.#timer = setTimeout(() => this.#running = this.#write(), wait);
  }

  /** Stops the timer; whoever closes the store writes the last checkpoint. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #write(): Promise<void> {
    const start = performance.now();
    try {
      await this.#store.checkpoint();
    } catch (error) {
      // A CSV that does not parse now also stops the next batch, which tells the user and waits.
      if (!(error instanceof Outage)) this.#error = error;
    }
    const took = performance.now() - start;
    this.#notBefore = performance.now() + Math.max(BUSY_MS, took / BUSY_SHARE);
  }
}
