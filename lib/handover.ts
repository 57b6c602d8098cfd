/**
 * Hands values from producers to one consumer, one at a time: whoever puts a value waits until it is taken, several in
 * line. Values not taken when it closes are dropped.
 */
export class Handover<T> implements AsyncIterable<T> {
  readonly #offered: { value: T; taken: (isTaken: boolean) => void }[] = [];
  #taker: PromiseWithResolvers<IteratorResult<T>> | undefined;
  #closed: { error?: unknown } | undefined;

  /** Resolves once `value` is taken, to false if it was dropped. */
  put(value: T): Promise<boolean> {
    if (this.#closed !== undefined) return Promise.resolve(false);
    if (this.#taker !== undefined) {
      this.#taker.resolve({ done: false, value });
      this.#taker = undefined;
      return Promise.resolve(true);
    }
    return new Promise((taken) => this.#offered.push({ value, taken }));
  }

  /** Drops the values that wait. */
  drop(): void {
    for (const { taken } of this.#offered.splice(0)) taken(false);
  }

  /** Ends the iteration, with `error` if given. */
  close(error?: unknown): void {
    if (this.#closed !== undefined) return;
    this.#closed = { error };
    this.drop();
    if (error === undefined) this.#taker?.resolve({ done: true, value: undefined });
    else this.#taker?.reject(error);
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    return { next: () => this.#take() };
  }

  #take(): Promise<IteratorResult<T>> {
    const offered = this.#offered.shift();
    if (offered !== undefined) {
      offered.taken(true);
      return Promise.resolve({ done: false, value: offered.value });
    }
    if (this.#closed?.error !== undefined) return Promise.reject(this.#closed.error);
    if (this.#closed !== undefined) return Promise.resolve({ done: true, value: undefined });
    this.#taker = Promise.withResolvers();
    return this.#taker.promise;
  }
}
