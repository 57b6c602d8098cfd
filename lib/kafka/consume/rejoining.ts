/** What the coordinator answers to a member that has to join again. */
const TO_REJOIN = ["REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID"];

/**
 * Ends fetches as soon as a heartbeat says that the group shares its partitions out anew: kafkajs joins again only once
 * every fetch has ended, and meanwhile nobody in the group gets a record. What is in hand then goes on, for the store's
 * position decides who was faster.
 */
export class Rejoining {
  #due = new AbortController();

  /** Aborts with the error that kafkajs has to see. Each join has another one. */
  get due(): AbortSignal {
    return this.#due.signal;
  }

  async beat(heartbeat: () => Promise<void>): Promise<void> {
    const due = this.#due; // an answer that comes after the next join is about the one before
    try {
      await heartbeat();
    } catch (error) {
      if (TO_REJOIN.includes((error as { type?: string }).type ?? "")) due.abort(error);
    }
  }

  joined(): void {
    this.#due = new AbortController();
  }
}
