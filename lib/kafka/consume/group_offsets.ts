import type { Admin, Kafka } from "kafkajs";
import { EXIT, Failure } from "../../errors.ts";
import { commitForEmptyGroup } from "./group_coordinator.ts";
import { type GroupTopic, isOfEarlierTopic } from "./group_topic.ts";

/** The log of one partition: offsets `[low, high)` exist and can be read. */
export interface PartitionLog {
  partition: number;
  low: number;
  high: number;
}

/**
 * The partitions of a topic by number, each up to where it can be read: an open transaction ends it. `wholeLogs` goes
 * further. Permission: net.
 */
export async function partitionLogs(admin: Admin, topic: string): Promise<PartitionLog[]> {
  const logs = await admin.fetchTopicOffsets(topic);
  return logs.map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }))
    .sort((a, b) => a.partition - b.partition);
}

/**
 * The group's committed offset of each partition. Partitions without one are missing, as are those committed before the
 * topic was recreated. Permission: net.
 */
export async function committedOffsets(
  admin: Admin,
  { group, topic, topicId }: GroupTopic,
): Promise<Map<number, number>> {
  const [fetched] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  const committed = (fetched?.partitions ?? []).filter(({ offset, metadata }) =>
    Number(offset) >= 0 && !isOfEarlierTopic(metadata, topicId)
  );
  return new Map(committed.map(({ partition, offset }) => [partition, Number(offset)]));
}

/** Throws a {@linkcode Failure} (75) that names the group's members, if it has any. Permission: net. */
export async function requireEmptyGroup(admin: Admin, group: string): Promise<void> {
  await admin.describeCluster(); // else kafkajs does not know the coordinator's address and retries 300 ms later
  const { groups: [description] } = await admin.describeGroups([group]);
  const members = description?.members ?? [];
  if (members.length === 0) return;
  const names = members.map(({ clientId, clientHost, memberId }) => `${clientId || memberId} at ${clientHost}`);
  throw new Failure(
    EXIT.busy,
    `The group ${group} is active: ${names.join(", ")}. Stop it first, or take another group (--group)`,
  );
}

/** Commits `offsets` for a group without members and reads them back; a difference is a {@linkcode Failure} (1). */
export async function moveGroup(
  kafka: Kafka,
  admin: Admin,
  at: GroupTopic,
  offsets: ReadonlyMap<number, number>,
): Promise<void> {
  await commitForEmptyGroup(kafka, at, offsets);
  const committed = await committedOffsets(admin, at);
  const wrong = [...offsets].find(([partition, offset]) => committed.get(partition) !== offset);
  if (wrong === undefined) return;
  const [partition, offset] = wrong;
  const found = committed.get(partition) ?? "none";
  throw new Failure(EXIT.failed, `Partition ${partition} of ${at.topic} is at ${found} after moving it to ${offset}`);
}
