import type { Admin, Kafka } from "kafkajs";
import { EXIT, Failure } from "../../errors.ts";
import type { NewChange, OffsetChange, OffsetStore } from "../../offset_changes.ts";
import { committedOffsets, moveGroup } from "../consume/group_offsets.ts";
import { commitOf } from "./offset_places.ts";

/**
 * Makes a change of offsets, in Kafka and in the store if it goes along, and notes it in the store.
 *
 * Kafka comes first, because it may refuse, as when a member joins meanwhile; a store moved before it would make the next
 * start go there all the same, and skip orders by a reset that was reported as failed. The store's move is what counts:
 * a change that dies before it is undone by `settleChanges`. Throws a {@linkcode Failure}: 75 if the group is active or
 * has moved since the change was planned, 1 if Kafka reads back other offsets. Permissions: net; those of the store.
 */
export async function changeOffsets(
  kafka: Kafka,
  admin: Admin,
  store: OffsetStore,
  change: NewChange,
): Promise<OffsetChange> {
  const { group, topic, topicId, partitions } = change;
  const at = { group, topic, topicId };
  return await store.change(change, async () => {
    requireUnmoved(change, await committedOffsets(admin, at));
    const offsets = new Map(partitions.map(({ partition, after }) => [partition, commitOf(after, change)]));
    await moveGroup(kafka, admin, at, offsets);
  });
}

/** The snapshot must be of the moment of the change, for it is what an undo restores. */
function requireUnmoved({ group, partitions }: NewChange, committed: ReadonlyMap<number, number>): void {
  for (const { partition, before, after } of partitions) {
    const now = committed.get(partition);
    if (now === before.committed || now === after.committed) continue; // the latter where a lost answer repeats it
    throw new Failure(
      EXIT.busy,
      `The group ${group} has moved meanwhile: partition ${partition} is at ${now ?? "none"}, not at ` +
        `${before.committed ?? "none"}; nothing was changed, look again`,
    );
  }
}
