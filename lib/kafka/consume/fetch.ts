import type { EachBatchPayload } from "kafkajs";
import { HEARTBEAT_MS } from "./group_member.ts";

/** What one call of kafkajs fetched, and what became of the batches made from it. */
export class Fetch {
  readonly payload: EachBatchPayload;
  readonly #failed = Promise.withResolvers<never>();
  readonly #givenUp = Promise.withResolvers<void>();
  #committed: Promise<void> = Promise.resolve();
  #handedOut = 0;
  #hasFailed = false;
  #allOut = Promise.withResolvers<void>();
  isOver = false;

  constructor(payload: EachBatchPayload) {
    this.payload = payload;
    this.#failed.promise.catch(() => {}); // reported by `done`
  }

  /** Has the member say that it is alive during `work`, which may wait for long: for others' locks, say. */
  async keepAlive<T>(work: () => Promise<T>): Promise<T> {
    const beat = () => void this.payload.heartbeat().catch(() => {}); // one that is lost finds out when it commits
    const beating = setInterval(beat, HEARTBEAT_MS);
    try {
      return await work();
    } finally {
      clearInterval(beating);
    }
  }

  handOut(): void {
    this.#handedOut++;
    this.#allOut = Promise.withResolvers();
  }

  /** Runs `commit` after the earlier ones; if one fails the fetch is over, and later ones are not run. */
  commitBehind(commit: () => Promise<void>): void {
    this.#committed = this.#committed.then(() => this.isOver ? undefined : commit()).catch((error) => {
      this.isOver = this.#hasFailed = true;
      this.#failed.reject(error);
    });
    if (--this.#handedOut === 0) this.#allOut.resolve();
  }

  /** Gives the fetch up: nothing more of it is handled or committed, and reading goes on elsewhere. */
  giveUp(): void {
    this.isOver = true;
    this.#givenUp.resolve();
  }

  /** Settles once every batch handed out is committed, or `end` has come; rejects if a commit failed. */
  async done(end: Promise<void>): Promise<void> {
    const isOut = Promise.race([this.#allOut.promise, this.#failed.promise, this.#givenUp.promise, end]);
    if (this.#handedOut > 0) await isOut;
    await this.#committed;
    this.isOver = true;
    if (this.#hasFailed) await this.#failed.promise;
  }
}
