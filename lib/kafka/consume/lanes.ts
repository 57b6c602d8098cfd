import { Handover } from "../../handover.ts";

/**
 * Hands out batches in lanes that work in parallel: the batches of one partition go into one lane, in order, and each
 * lane handles one batch after the other.
 */
export class Lanes<B extends { partition: number }> {
  readonly all: readonly Handover<B>[];
  #laneOf = new Map<number, Handover<B>>();

  constructor(count: number) {
    this.all = Array.from({ length: count }, () => new Handover<B>());
  }

  /**
   * Spreads these partitions evenly after a join; one that changes lanes may be in both for a moment. What was fetched
   * before and still waits is dropped, or batches would pile up during an outage.
   */
  assign(partitions: readonly number[]): void {
    for (const lane of this.all) lane.drop();
    this.#laneOf = new Map(partitions.map((partition, index) => [partition, this.all[index % this.all.length]]));
  }

  /** Resolves once `batch` is taken, to false if it was dropped. */
  put(batch: B): Promise<boolean> {
    return (this.#laneOf.get(batch.partition) ?? this.all[0]).put(batch);
  }

  close(error?: unknown): void {
    for (const lane of this.all) lane.close(error);
  }
}
