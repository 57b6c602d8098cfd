import type { EachBatchPayload } from "kafkajs";

/** What one call of kafkajs has brought, and what became of the batches that were made of it. */
export class Fetch {
  readonly payload: EachBatchPayload;
  readonly #failed = Promise.withResolvers<never>();
  #committed: Promise<void> = Promise.resolve();
  #handedOut = 0;
  #allOut = Promise.withResolvers<void>();
  isOver = false;

  constructor(payload: EachBatchPayload) {
    this.payload = payload;
    this.#failed.promise.catch(() => {}); // `done` is the one to see it
  }

  handOut(): void {
    this.#handedOut++;
    this.#allOut = Promise.withResolvers();
  }

  /** Runs `commit` after those before it; where one fails the fetch is over, and none after it is run. */
  commitBehind(commit: () => Promise<void>): void {
    this.#committed = this.#committed.then(() => this.isOver ? undefined : commit()).catch((error) => {
      this.isOver = true;
      this.#failed.reject(error);
    });
    if (--this.#handedOut === 0) this.#allOut.resolve();
  }

  /** Settles once every batch that was handed out is committed or `end` has come; rejects where a commit failed. */
  async done(end: Promise<void>): Promise<void> {
    if (this.#handedOut > 0) await Promise.race([this.#allOut.promise, this.#failed.promise, end]);
    await this.#committed;
    const isFailed = this.isOver;
    this.isOver = true;
    if (isFailed) await this.#failed.promise;
  }
}
