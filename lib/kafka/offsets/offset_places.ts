import type { Admin } from "kafkajs";
import type { OffsetPlace, OffsetStore } from "../../offset_changes.ts";
import type { CommittedOffset } from "../consume/group_coordinator.ts";
import { commitsOf } from "../consume/group_offsets.ts";
import { type GroupTopic, isOwnMetadata, offsetMetadata } from "../consume/group_topic.ts";

/** Where each partition goes on; those of which nobody knows are missing. `store` if it goes with the group. Permission: net. */
export async function offsetPlaces(
  admin: Admin,
  at: GroupTopic,
  store?: OffsetStore,
): Promise<Map<number, OffsetPlace>> {
  const commits = await commitsOf(admin, at);
  const positions = await store?.positionsOf(at) ?? new Map<number, number>();
  const partitions = new Set([...commits.keys(), ...positions.keys()]);
  return new Map([...partitions].map((partition) => {
    const place: OffsetPlace = placeOf(commits.get(partition));
    const position = positions.get(partition);
    return [partition, position === undefined ? place : { ...place, position }];
  }));
}

function placeOf(commit: CommittedOffset | undefined): OffsetPlace {
  if (commit === undefined) return {};
  const { offset: committed, metadata } = commit;
  return metadata === null || isOwnMetadata(metadata) ? { committed } : { committed, metadata };
}

/** What to commit for a place; undefined for none. A group of another program keeps its own metadata. */
export function commitOf(
  { committed, metadata }: OffsetPlace,
  { topicId, withStore }: { topicId?: string; withStore: boolean },
): CommittedOffset | undefined {
  if (committed === undefined) return undefined;
  return { offset: committed, metadata: metadata ?? (withStore ? offsetMetadata(topicId) : null) };
}
