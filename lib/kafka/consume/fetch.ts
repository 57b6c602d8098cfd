import type { EachBatchPayload } from "kafkajs";
import { HEARTBEAT_MS } from "./group_member.ts";
import type { Rejoining } from "./rejoining.ts";

/** What one call of kafkajs fetched, and what became of the batches made from it. */
export class Fetch {
  readonly payload: EachBatchPayload;
  readonly #rejoining: Rejoining | undefined;
  readonly #due: AbortSignal | undefined;
  readonly #rejoin = () => this.#fail(this.#due!.reason);
  readonly #failed = Promise.withResolvers<never>();
  readonly #givenUp = Promise.withResolvers<void>();
  #committed: Promise<void> = Promise.resolve();
  #handedOut = 0;
  #hasFailed = false;
  #allOut = Promise.withResolvers<void>();
  isOver = false;

  /** With `rejoining` it fails as soon as the member has to join again; else only its commits find out. */
  constructor(payload: EachBatchPayload, rejoining?: Rejoining) {
    this.payload = payload;
    this.#rejoining = rejoining;
    this.#due = rejoining?.due;
    this.#failed.promise.catch(() => {}); // reported by `done`
    if (this.#due?.aborted) this.#rejoin();
    this.#due?.addEventListener("abort", this.#rejoin, { once: true });
  }

  /** Has the member say that it is alive during `work`, which may wait for long: for others' locks, say. */
  async keepAlive<T>(work: () => Promise<T>): Promise<T> {
    const heartbeat = () => this.payload.heartbeat();
    const beat = () => {
      if (!this.payload.isRunning()) return; // its client has crashed, and another one is the member
      void (this.#rejoining?.beat(heartbeat) ?? heartbeat().catch(() => {}));
    };
    const beating = setInterval(beat, HEARTBEAT_MS);
    try {
      return await work();
    } finally {
      clearInterval(beating);
    }
  }

  /** Waits until `taken` tells whether a lane took a batch; rejects if the fetch fails before that. */
  async handOut(taken: Promise<boolean>): Promise<boolean> {
    this.#handedOut++;
    this.#allOut = Promise.withResolvers();
    return await this.keepAlive(() => Promise.race([taken, this.#failed.promise]));
  }

  /** Runs `commit` after the earlier ones; if one fails the fetch is over, and later ones are not run. */
  commitBehind(commit: () => Promise<void>): void {
    this.#committed = this.#committed.then(() => this.isOver ? undefined : commit()).catch((error) =>
      this.#fail(error)
    );
    if (--this.#handedOut === 0) this.#allOut.resolve();
  }

  #fail(error: unknown): void {
    this.isOver = this.#hasFailed = true;
    this.#failed.reject(error);
  }

  /** Gives the fetch up: nothing more of it is handled or committed, and reading goes on elsewhere. */
  giveUp(): void {
    this.isOver = true;
    this.#givenUp.resolve();
  }

  /** Settles once every batch handed out is committed, or `end` has come; rejects if the fetch failed. */
  async done(end: Promise<void>): Promise<void> {
    if (this.#handedOut > 0) {
      await Promise.race([this.#allOut.promise, this.#failed.promise, this.#givenUp.promise, end]);
    }
    await this.#committed;
    this.isOver = true;
    if (this.#hasFailed) await this.#failed.promise;
  }

  /** Nothing is waited for any more. */
  [Symbol.dispose](): void {
    this.isOver = true;
    this.#due?.removeEventListener("abort", this.#rejoin);
  }
}
