/**
 * Hands values from one who has them to one who takes them, one at a time: who puts one waits until it is taken.
 * One puts and one takes; values that are not taken when it closes are dropped.
 */
export class Handover<T> implements AsyncIterable<T> {
  #offered: { value: T; taken: (isTaken: boolean) => void } | undefined;
  #taker: PromiseWithResolvers<IteratorResult<T>> | undefined;
  #closed: { error?: unknown } | undefined;

  /** Resolves once `value` is taken, to false where it was dropped. */
  put(value: T): Promise<boolean> {
    if (this.#closed !== undefined) return Promise.resolve(false);
    if (this.#taker !== undefined) {
      this.#taker.resolve({ done: false, value });
      this.#taker = undefined;
      return Promise.resolve(true);
    }
    return new Promise((taken) => this.#offered = { value, taken });
  }

  /** Ends the iteration, with `error` where one is given. */
  close(error?: unknown): void {
    if (this.#closed !== undefined) return;
    this.#closed = { error };
    this.#offered?.taken(false);
    this.#offered = undefined;
    if (error === undefined) this.#taker?.resolve({ done: true, value: undefined });
    else this.#taker?.reject(error);
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    return { next: () => this.#take() };
  }

  #take(): Promise<IteratorResult<T>> {
    if (this.#offered !== undefined) {
      const { value, taken } = this.#offered;
      this.#offered = undefined;
      taken(true);
      return Promise.resolve({ done: false, value });
    }
    if (this.#closed?.error !== undefined) return Promise.reject(this.#closed.error);
    if (this.#closed !== undefined) return Promise.resolve({ done: true, value: undefined });
    this.#taker = Promise.withResolvers();
    return this.#taker.promise;
  }
}
