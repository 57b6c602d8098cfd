import { asCalled } from "../../../lib/cli/program.ts";
import { messageOf } from "../../../lib/errors.ts";
import type { Health } from "../snapshot.ts";

/** Something that is looked at again and again, and may be away. */
export class Source<T> {
  readonly #look: () => Promise<T>;
  readonly #since = Date.now();
  #health: Health | undefined;
  #latest: T | undefined;
  #running: Promise<void> | undefined;

  constructor(look: () => Promise<T>) {
    this.#look = look;
  }

  /** What was seen last, however long ago. */
  get latest(): T | undefined {
    return this.#latest;
  }

  /** Until the first look has settled it counts as away. */
  get health(): Health {
    return this.#health ?? { ok: false, since: this.#since, sentence: "Not looked at yet" };
  }

  /** Looks, unless the last look is still under way; resolves when it has settled, whatever it brought. */
  refresh(): Promise<void> {
    return this.#running ??= this.#refresh().finally(() => this.#running = undefined);
  }

  /** Resolves when no look is under way. */
  get settled(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  async #refresh(): Promise<void> {
    try {
      this.#latest = await this.#look();
      this.#health = { ok: true, at: Date.now() };
    } catch (error) {
      const since = this.#health?.ok === false ? this.#health.since : Date.now();
      this.#health = { ok: false, since, sentence: sentenceOf(error) };
    }
  }
}

/** An error of the language is a fault of this program, not something that is away. */
function sentenceOf(error: unknown): string {
  const isOurs = [TypeError, RangeError, ReferenceError].some((kind) => error instanceof kind);
  return isOurs
    ? `The dashboard itself has a fault, please report it: ${messageOf(error)}`
    : asCalled(messageOf(error));
}
