import type { Admin, Kafka } from "kafkajs";
import type { OffsetChange, OffsetStore, PartitionChange, Settlement } from "../../offset_changes.ts";
import { committedOffsets, groupMembers, moveGroup } from "../consume/group_offsets.ts";
import type { GroupTopic } from "../consume/group_topic.ts";
import { commitOf } from "./offset_places.ts";

/** A change that was killed, and how it ended. */
export interface SettledChange extends OffsetChange {
  settlement: Settlement;
}

/**
 * Ends the changes of a group's offsets that were killed before they were done, and returns them.
 *
 * With a store they are undone: nobody was told that they had worked, and the store had not moved for good. Without one
 * Kafka's offsets are all there is: where any was moved, the rest follows. While the group has members nothing is done:
 * they read where the store says, and commit that. Permissions: net; those of the store.
 */
export async function settleChanges(
  kafka: Kafka,
  admin: Admin,
  store: OffsetStore,
  at: GroupTopic,
): Promise<SettledChange[]> {
  const unfinished = (await store.changes()).some(({ group, topic, done }) =>
    !done && group === at.group && topic === at.topic
  );
  if (!unfinished || (await groupMembers(admin, at.group)).members.length > 0) return [];
  const ended = new Map<number, Settlement>();
  const settled = await store.settle(at, async (change) => {
    const committed = await committedOffsets(admin, at);
    const { settlement, rest } = endOf(change, committed);
    const offsets = rest.map(({ partition, before, after }) =>
      [partition, commitOf(settlement === "undone" ? before : after, change)] as const
    );
    await moveGroup(kafka, admin, at, new Map(offsets));
    ended.set(change.id, settlement);
    return settlement;
  });
  return settled.map((change) => ({ ...change, settlement: ended.get(change.id)! }));
}

/** How a killed change ends, and the partitions that Kafka has yet to move for that. */
function endOf(
  { withStore, partitions }: OffsetChange,
  committed: ReadonlyMap<number, number>,
): { settlement: Settlement; rest: PartitionChange[] } {
  const differing = partitions.filter(({ before, after }) => before.committed !== after.committed);
  const moved = differing.filter(({ partition, after }) => committed.get(partition) === after.committed);
  if (withStore || moved.length === 0) return { settlement: "undone", rest: moved };
  const rest = differing.filter(({ partition, before }) => committed.get(partition) === before.committed);
  return { settlement: "done", rest };
}
