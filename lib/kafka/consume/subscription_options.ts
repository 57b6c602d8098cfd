import type { OrderStore, PartitionRange } from "../../ports.ts";
import type { GroupTopic } from "./group_topic.ts";

/** A group of several members over one store: the store's positions count, and tell who was faster. */
export interface Sharing {
  /** So many partitions are handled at once. */
  lanes: number;
  /** Where the store says that reading goes on; undefined where it never saw the partition. */
  positionOf(partition: number): Promise<number | undefined>;
  /** Moves the store's position over offsets without a record. */
  passOver(range: PartitionRange): Promise<void>;
}

/** Shares a group by the positions of `store`. */
export function shareBy(store: OrderStore, { topic, topicId }: GroupTopic, lanes: number): Sharing {
  return {
    lanes,
    positionOf: (partition) => store.resumeAt({ topic, topicId, partition }),
    passOver: async (range) => {
      await store.process({ ...range, topicId, orders: [], deadLetters: [] }, () => []);
    },
  };
}

export interface SubscriptionOptions extends GroupTopic {
  /** The offset each partition is committed at; reading begins there. */
  starts: ReadonlyMap<number, number>;
  /** Ends the subscription once each of these partitions was read up to its offset. */
  until?: ReadonlyMap<number, number>;
  /** Ends the subscription after exactly this many messages. */
  maxMessages?: number;
  /** Where the group may have several members; without it this one must be the only one. */
  sharing?: Sharing;
  /** Told each time the group was joined, with the partitions that are this member's. */
  onJoin(memberId: string, partitions: readonly number[]): void;
  /** Told of an outage that is being waited out, and once it is over (undefined). */
  onOutage(sentence: string | undefined): void;
  /** Told what a person may want to know of the topic: partitions that were added, records that cannot be read yet. */
  onNotice(sentence: string): void;
}
