import { setTimeout as delay } from "node:timers/promises";
import { Outage } from "../../errors.ts";

const RETRY_MS = 1_000;

/** Outages of whatever a subscription needs: says when one begins, changes or ends, and waits it out. */
export class Outages {
  readonly #tell: (sentence: string | undefined) => void;
  readonly #over: AbortSignal;
  #told: string | undefined;
  /** How many wait. */
  #waiting = 0;

  /** `tell` gets what is wrong, and undefined once it is over; after `over` nothing is waited for any more. */
  constructor(tell: (sentence: string | undefined) => void, over: AbortSignal) {
    this.#tell = tell;
    this.#over = over;
  }

  /** Repeats `work` through every {@linkcode Outage}; `isAgain` is true from the second time on. Undefined once over. */
  async waitOut<T>(work: (isAgain: boolean) => Promise<T>): Promise<T | undefined> {
    let isAgain = false;
    try {
      for (; !this.#over.aborted; isAgain = true) {
        try {
          return await work(isAgain);
        } catch (error) {
          if (!(error instanceof Outage)) throw error;
          if (!isAgain) this.#waiting++;
          this.tell(error.message);
          await this.pause();
        }
      }
    } finally {
      if (isAgain && --this.#waiting === 0 && !this.#over.aborted) this.tell(undefined);
    }
  }

  /** The member has joined its group: the brokers are back, but a store may still be waited for. */
  joined(): void {
    if (this.#waiting === 0) this.tell(undefined);
  }

  /** Tells it once, not each time it is noticed. */
  tell(sentence: string | undefined): void {
    if (sentence === this.#told) return;
    this.#told = sentence;
    this.#tell(sentence);
  }

  /** Waits a moment, or until the end. */
  async pause(): Promise<void> {
    await delay(RETRY_MS, undefined, { signal: this.#over }).catch(() => {});
  }
}
