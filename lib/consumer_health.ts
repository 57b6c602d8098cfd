/** A consumer that reads is answered at least twice a second, so this long without anything is no pause. */
const PATIENCE_MS = 15_000;

/**
 * Whether a consumer does its work: it is a member of its group, brokers answer its fetches or its batches get their
 * verdicts, and no outage is going on. Times are milliseconds of one steady clock.
 */
export class ConsumerHealth {
  /** Undefined while it is not a member. */
  #partitions: number | undefined;
  #outage: string | undefined;
  #lastSign = 0;
  #isStopping = false;

  joined(partitions: number, now: number): void {
    this.#partitions = partitions;
    this.#lastSign = now;
  }

  /** Notes an outage; undefined is its end. */
  outage(sentence: string | undefined, now: number): void {
    this.#outage = sentence;
    this.#lastSign = now;
  }

  /** Notes that a fetch was answered or a batch got its verdicts. */
  alive(now: number): void {
    this.#lastSign = now;
  }

  stopping(): void {
    this.#isStopping = true;
  }

  /** Why it is not ready, in a sentence without its end; undefined if it is. */
  complaint(now: number): string | undefined {
    if (this.#isStopping) return "It is stopping";
    if (this.#outage !== undefined) return this.#outage;
    if (this.#partitions === undefined) return "It has not joined its group yet";
    const silence = now - this.#lastSign;
    // A member without partitions waits for its turn, and has nothing to fetch.
    if (this.#partitions === 0 || silence <= PATIENCE_MS) return undefined;
    return `Nothing was fetched or judged for ${Math.floor(silence / 1_000)} s`;
  }
}
