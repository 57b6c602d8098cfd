/** Questions that are answered at once: each may read a topic or a log. */
const MAX_RUNNING = 4;

/** There are too many already: the page asks again. */
export class TooManyQuestions extends Error {}

/** Bounds what the questions of pages cost: the same one is answered once for all who ask meanwhile. */
export class Questions {
  readonly #running = new Map<string, Promise<unknown>>();

  /** The answer of `find` to the question called `name`; a {@linkcode TooManyQuestions} if it cannot be asked now. */
  ask<T>(name: string, find: () => Promise<T>): Promise<T> {
    const running = this.#running.get(name);
    if (running !== undefined) return running as Promise<T>;
    if (this.#running.size >= MAX_RUNNING) return Promise.reject(new TooManyQuestions());
    const answer = find().finally(() => this.#running.delete(name));
    this.#running.set(name, answer);
    return answer;
  }
}
