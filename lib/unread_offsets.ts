import { type OffsetStore, readsOnAt } from "./offset_changes.ts";
import type { OffsetRange } from "./offset_ranges.ts";

/** Offsets of a partition between what the store has read and where its group goes on. */
export interface UnreadOffsets extends OffsetRange {
  partition: number;
}

/**
 * Offsets that nobody will read: the group, which goes on at `starts`, is past them, but the store has not read them,
 * and no change of offsets led past them. So it is with a storage folder that was restored from a backup.
 */
export async function unreadOffsets(
  store: Pick<OffsetStore, "readUpTo" | "changes">,
  { group, topic }: { group: string; topic: string },
  starts: ReadonlyMap<number, number>,
): Promise<UnreadOffsets[]> {
  const readUpTo = await store.readUpTo(topic);
  const unread = [...starts].flatMap(([partition, to]) => {
    const from = readUpTo.get(partition);
    return from !== undefined && from < to ? [{ partition, from, to }] : [];
  });
  if (unread.length === 0) return [];
  const changes = (await store.changes()).filter((change) => change.group === group && change.topic === topic);
  const moved = changes.flatMap(({ partitions }) => partitions);
  return unread.filter((offsets) =>
    !moved.some(({ partition, after }) => partition === offsets.partition && (readsOnAt(after) ?? 0) > offsets.from)
  );
}
