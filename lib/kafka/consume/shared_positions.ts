import { setTimeout as delay } from "node:timers/promises";
import type { ReadLimits } from "./read_limits.ts";
import type { SubscriptionOptions } from "./subscription_options.ts";

/** How often to check how far the other members are, in milliseconds. */
const PROGRESS_MS = 500;

/**
 * The positions of a shared group, which are those in the store. Without sharing, the group's own count, and the store
 * is not asked.
 */
export class SharedPositions {
  readonly #options: SubscriptionOptions;
  readonly #limits: ReadLimits;
  readonly #advance: (partition: number, to: number) => void;

  /** `advance` gets how far a partition was read. */
  constructor(
    options: SubscriptionOptions,
    limits: ReadLimits,
    advance: (partition: number, to: number) => void,
  ) {
    this.#options = options;
    this.#limits = limits;
    this.#advance = advance;
  }

  /** Where reading of a partition is to go on; undefined if kafkajs would go on there by itself. */
  async positionOf(partition: number): Promise<number | undefined> {
    const { sharing, starts } = this.#options;
    if (sharing === undefined) return undefined;
    try {
      // Kafkajs would take the group's offset for one that the store never saw, be it of an earlier topic or not.
      const position = await sharing.positionOf(partition) ?? starts.get(partition);
      if (position !== undefined) this.#limits.advance(partition, position);
      return position;
    } catch {
      return undefined; // the store is away: the first batch finds out, and waits for it
    }
  }

  /** Moves a partition past offsets without a record. If that fails, its next batch finds out. */
  passOver(partition: number, to: number): void {
    const { sharing, topic } = this.#options;
    const from = this.#limits.positionOf(partition);
    if (sharing === undefined) return this.#advance(partition, to);
    if (from === undefined || from >= to) return;
    sharing.passOver({ topic, partition, from, to }).then(() => this.#advance(partition, to), () => {});
  }

  /** Follows how far all members together are, until `over`: each knows only its own partitions. */
  async watchOthers(over: AbortSignal): Promise<void> {
    const { sharing } = this.#options;
    const { partitions } = this.#limits;
    if (sharing === undefined || partitions === undefined) return;
    while (!over.aborted) {
      await delay(PROGRESS_MS, undefined, { signal: over }).catch(() => {});
      for (const partition of partitions) {
        const position = await sharing.positionOf(partition).catch(() => undefined); // away: the next check will tell
        if (position !== undefined) this.#advance(partition, position);
      }
    }
  }
}
