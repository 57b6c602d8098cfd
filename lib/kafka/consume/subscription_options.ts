import { OrderColumns } from "../../order_columns.ts";
import type { FetchedBatch, OrderStore, PartitionRange } from "../../ports.ts";
import { Verdicts } from "../../verdicts.ts";
import type { GroupTopic } from "./group_topic.ts";
import type { PartitionEnds } from "./open_transactions.ts";

/** A group of several members with a shared store, whose positions decide who was faster. */
export interface Sharing {
  /** How many partitions are handled at once. */
  lanes: number;
  /** Where reading goes on according to the store; undefined if it has never seen the partition. */
  positionOf(partition: number): Promise<number | undefined>;
  /** Moves the store's position past offsets without a record. */
  passOver(range: PartitionRange): Promise<void>;
}

/** Shares a group by the positions of `store`. */
export function shareBy(store: OrderStore, { topic, topicId }: GroupTopic, lanes: number): Sharing {
  return {
    lanes,
    positionOf: (partition) => store.resumeAt({ topic, topicId, partition }),
    passOver: async (range) => {
      const orders = new OrderColumns(range, 0);
      await store.process({ ...range, topicId, orders, deadLetters: [] }, () => new Verdicts(orders));
    },
  };
}

/** Hears how reading goes on, for those who measure it. No call may throw. */
export interface ReadWatch {
  /** A fetch was answered: how far its partitions can be read. */
  fetched(ends: readonly PartitionEnds[]): void;
  /** The next offset to handle of a partition, of this member or in a shared group of another. */
  advanced(partition: number, to: number): void;
  /** The offset after a batch was committed, within so many milliseconds; comes after `advanced`. */
  committed(batch: FetchedBatch, ms: number): void;
}

export interface SubscriptionOptions extends GroupTopic {
  /** The committed offset of each partition; reading begins there. */
  starts: ReadonlyMap<number, number>;
  /** Ends the subscription once each of these partitions has been read up to its offset. */
  until?: ReadonlyMap<number, number>;
  /** Ends the subscription after exactly this many records. */
  maxMessages?: number;
  /** Records handed out at once, `MAX_GROUP` at most, which is the default. */
  batchSize?: number;
  /** Set if the group may have several members; if missing, this one must be the only one. */
  sharing?: Sharing;
  /** Called after each join, with this member's partitions. */
  onJoin(memberId: string, partitions: readonly number[]): void;
  /** Called when an outage begins or changes, and with undefined once it is over. */
  onOutage(sentence: string | undefined): void;
  /** Called with news about the topic: partitions added, records that cannot be read yet. */
  onNotice(sentence: string): void;
  watch?: ReadWatch;
}
