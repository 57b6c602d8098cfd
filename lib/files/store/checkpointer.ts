import { Outage } from "../../errors.ts";

/** Time without a batch in hand that counts as idle, in milliseconds. */
const IDLE_MS = 100;
/** Under load, the least time between checkpoints, in milliseconds… */
const BUSY_MS = 1_000;
/** …which take no more than this share of the time. */
const BUSY_SHARE = 0.03;

/**
 * Writes the store's checkpoint lazily: when no batch has been in hand for a moment, and now and then under load.
 *
 * A checkpoint is for people and for a quick start; only the log counts. Its errors are thrown by the next call.
 */
export class Checkpointer {
  readonly #store: { checkpoint(): Promise<void> };
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Batches begun and not yet ended: on a slow disk one takes longer than the idle time, and the store is not idle. */
  #inHand = 0;
  /** Whether a batch has ended since the last checkpoint began. */
  #isBehind = false;
  #notBefore = 0;
  #running: Promise<void> | undefined;
  #error: unknown;

  constructor(store: { checkpoint(): Promise<void> }) {
    this.#store = store;
  }

  /** Handles one batch by `work`. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#error !== undefined) throw this.#error;
    this.#inHand++;
    this.#setTimer();
    try {
      return await work();
    } finally {
      this.#inHand--;
      this.#isBehind = true;
      this.#notBefore ||= performance.now() + BUSY_MS;
      this.#setTimer();
    }
  }

  /** Stops the timer; whoever closes the store writes the last checkpoint. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#running;
    clearTimeout(this.#timer); // set again if batches ended meanwhile
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    if (!this.#isBehind || this.#running !== undefined) return;
    const wait = Math.max(0, this.#notBefore - performance.now());
    const start = () => this.#running = this.#write();
    this.#timer = setTimeout(start, this.#inHand > 0 ? wait : Math.min(IDLE_MS, wait));
  }

  async #write(): Promise<void> {
    const start = performance.now();
    this.#isBehind = false;
    try {
      await this.#store.checkpoint();
    } catch (error) {
      // A CSV that does not parse now also stops the next batch, which tells the user and waits.
      if (!(error instanceof Outage)) this.#error = error;
    }
    const took = performance.now() - start;
    this.#notBefore = performance.now() + Math.max(BUSY_MS, took / BUSY_SHARE);
    this.#running = undefined;
    this.#setTimer();
  }
}
