/** Where reading of a partition goes on, in Kafka and in the store. */
export interface OffsetPlace {
  /** The group's committed offset, if there is one. */
  committed?: number;
  /** What was committed with it, if anything; only kept for groups of other programs, to be restored as it was. */
  metadata?: string;
  /** The store's own position, if it has one: it outranks the committed offset. */
  position?: number;
}

/** The next offset that is read; undefined where the group begins at the log's start. */
export function readsOnAt({ committed, position }: OffsetPlace): number | undefined {
  return position ?? committed;
}

export interface PartitionChange {
  partition: number;
  before: OffsetPlace;
  after: OffsetPlace;
}

/** A change of a group's offsets: what an undo needs, noted before the change is made. */
export interface OffsetChange {
  /** Counts up within a store. */
  id: number;
  /** Milliseconds since the epoch. */
  madeAt: number;
  group: string;
  topic: string;
  /** As in `TopicPartition`. */
  topicId?: string;
  /** Where it led, in a person's words: `earliest`, `undo of 3`. */
  to: string;
  /** Whether the store's positions go with the group's offsets: not for a group of another program. */
  withStore: boolean;
  /** Whether it took effect; one that was killed before that has to be settled. */
  done: boolean;
  partitions: PartitionChange[];
}

/** A change that is about to be made. */
export type NewChange = Omit<OffsetChange, "id" | "madeAt" | "done">;

/** Changes that are kept, of all groups together; the oldest are forgotten. */
export const KEPT_CHANGES = 100;

/** How a change that was killed ends: as if it had never been, or as if nothing had happened to it. */
export type Settlement = "undone" | "done";

/**
 * The store's part in changing offsets: its positions, and the notes of all changes.
 *
 * The caller ends what was killed by {@linkcode settle} before it changes anything, and before a consumer reads the
 * group's offsets.
 */
export interface OffsetStore {
  /** Groups that are known to consume `topic` into this store; none if it does not know. */
  groupsOf(topic: string): Promise<string[]>;
  /** Where the store has reading go on, whatever the group says, by partition. */
  positionsOf(at: { topic: string; topicId: string | undefined }): Promise<Map<number, number>>;
  /** The offset after the last record that it has read of each partition; none where its own position decides anyway. */
  readUpTo(topic: string): Promise<Map<number, number>>;
  /** The member of `group` that is dead though Kafka may not know it. Throws a `Failure` (75) if the store is in use. */
  deadMemberOf(group: string): Promise<string | undefined>;
  /** The changes kept, oldest first. */
  changes(): Promise<OffsetChange[]>;
  /**
   * Notes the change durably, then has `moveGroup` change Kafka's part, then changes the store's. The last step makes
   * all of it count: what dies before that is undone by {@linkcode settle}.
   *
   * A `Failure` (75) of `moveGroup` means that it changed nothing, and nothing is left of the change; after any other
   * error it waits to be settled. Throws a `Failure` (75) if the store's part is needed and in use.
   */
  change(change: NewChange, moveGroup: () => Promise<void>): Promise<OffsetChange>;
  /**
   * Ends the changes of a group that were killed, newest first: `restore` ends Kafka's part and says how, and the store
   * follows. Returns them. A change under way is waited for.
   */
  settle(
    at: { group: string; topic: string },
    restore: (change: OffsetChange) => Promise<Settlement>,
  ): Promise<OffsetChange[]>;
}

/** Verdicts that a store has on some records. */
export interface KnownVerdicts {
  accepted: number;
  /** Rejected, and not accepted since. */
  rejected: number;
  /** Offsets that were read; some of them hold neither an accepted nor a rejected order, but a dead letter, say. */
  read: number;
}
