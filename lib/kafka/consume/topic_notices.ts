import { describeHeldBack, OpenTransactions, type PartitionEnds } from "./open_transactions.ts";

export interface NoticeOptions {
  topic: string;
  /** The partitions known at the start, each with the offset where reading begins. */
  starts: ReadonlyMap<number, number>;
  /** The offsets at which reading ends, if it ends by itself. */
  until?: ReadonlyMap<number, number>;
  onNotice(sentence: string): void;
}

/** Reports what may surprise a reader of a topic, each thing once. */
export class TopicNotices {
  readonly #options: NoticeOptions;
  readonly #known: Set<number>;
  readonly #transactions = new OpenTransactions();

  constructor(options: NoticeOptions) {
    this.#options = options;
    this.#known = new Set(options.starts.keys());
  }

  /** Looks for added partitions among those assigned to this reader. */
  joined(assigned: readonly number[]): void {
    const added = assigned.filter((partition) => !this.#known.has(partition)).sort((a, b) => a - b);
    const isGrowth = this.#known.size > 0 && added.length > 0;
    for (const partition of added) this.#known.add(partition);
    if (!isGrowth) return;
    const which = added.length > 2 ? `${added[0]} to ${added.at(-1)}` : added.join(" and ");
    const verb = added.length > 1 ? "are" : "is";
    this.#options.onNotice(`${this.#options.topic} now has ${this.#known.size} partitions: ${which} ${verb} read too`);
  }

  /** Looks for records that an open transaction holds back. */
  fetched(ends: readonly PartitionEnds[]): void {
    const { topic, until, onNotice } = this.#options;
    const held = this.#transactions.fetched(ends, performance.now());
    if (held.length === 0) return;
    const waits = until === undefined ? "" : "; --until-end waits for that";
    onNotice(`${describeHeldBack(topic, held)}; they are read when it ends, at its time-out at the latest${waits}`);
  }
}
