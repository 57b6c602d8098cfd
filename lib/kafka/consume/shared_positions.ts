import { setTimeout as delay } from "node:timers/promises";
import { PositionMoved } from "../../ports.ts";
import type { Outages } from "./outages.ts";
import type { ReadLimits } from "./read_limits.ts";
import type { SubscriptionOptions } from "./subscription_options.ts";

/** How often to check how far the other members are, in milliseconds. */
const PROGRESS_MS = 500;

interface SharedPositionsOptions extends Pick<SubscriptionOptions, "sharing" | "starts" | "topic"> {
  limits: ReadLimits;
  outages: Outages;
  /** Gets how far a partition was read. */
  advance(partition: number, to: number): void;
  /** Makes reading of a partition go on where the store says. */
  seek(partition: number): Promise<void>;
}

/**
 * The positions of a shared group, which are those in the store; while it is away they are waited for. Without sharing,
 * the group's own count, and the store is not asked.
 */
export class SharedPositions {
  readonly #options: SharedPositionsOptions;

  constructor(options: SharedPositionsOptions) {
    this.#options = options;
  }

  /** Where reading of a partition is to go on; undefined if kafkajs would go on there by itself. */
  async positionOf(partition: number): Promise<number | undefined> {
    const { sharing, starts, limits, outages } = this.#options;
    if (sharing === undefined) return undefined;
    // Kafkajs would take the group's offset for one that the store never saw, be it of an earlier topic or not.
    const position = await outages.waitOut(() => sharing.positionOf(partition)) ?? starts.get(partition);
    if (position !== undefined) limits.advance(partition, position);
    return position;
  }

  /** Moves a partition past offsets without a record, or to where it went on elsewhere. */
  async passOver(partition: number, to: number): Promise<void> {
    const { sharing, topic, limits, outages, advance, seek } = this.#options;
    const from = limits.positionOf(partition);
    if (sharing === undefined) return advance(partition, to);
    if (from === undefined || from >= to) return;
    try {
      await outages.waitOut(() => sharing.passOver({ topic, partition, from, to }));
    } catch (error) {
      if (!(error instanceof PositionMoved)) throw error;
      return await seek(partition);
    }
    advance(partition, to);
  }

  /** Follows how far all members together are, until `over`: each knows only its own partitions. */
  async watchOthers(over: AbortSignal): Promise<void> {
    const { sharing, limits: { partitions }, advance } = this.#options;
    if (sharing === undefined || partitions === undefined) return;
    while (!over.aborted) {
      await delay(PROGRESS_MS, undefined, { signal: over }).catch(() => {});
      for (const partition of partitions) {
        const position = await sharing.positionOf(partition).catch(() => undefined); // away: the next check will tell
        if (position !== undefined) advance(partition, position);
      }
    }
  }
}
