import type { Admin, Kafka } from "kafkajs";
import { causesOf, EXIT, Failure } from "../../errors.ts";
import { patiently } from "../../patiently.ts";
import { START_TIMEOUT_MS } from "../client/client.ts";
import { commitForEmptyGroup } from "./group_coordinator.ts";
import { type GroupTopic, isOfEarlierTopic } from "./group_topic.ts";

const RETRY_MS = 200;

/** The log of one partition: offsets `[low, high)` exist, and can be read. */
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
  const fetch = () => admin.fetchOffsets({ groupId: group, topics: [topic] });
  const [fetched] = await patiently(fetch, { forMs: START_TIMEOUT_MS, everyMs: RETRY_MS, passes: isLoading });
  const committed = (fetched?.partitions ?? []).filter(({ offset, metadata }) =>
    Number(offset) >= 0 && !isOfEarlierTopic(metadata, topicId)
  );
  return new Map(committed.map(({ partition, offset }) => [partition, Number(offset)]));
}

/** A coordinator that has just begun reads the offsets of its groups first. */
function isLoading(error: unknown): boolean {
  return causesOf(error).some((inner) => "type" in inner && inner.type === "GROUP_LOAD_IN_PROGRESS");
}

/** Refuses (75) while the group has members, naming them, and one more `remedy`. Permission: net. */
export async function requireEmptyGroup(admin: Admin, group: string, remedy = ""): Promise<void> {
  await admin.describeCluster(); // else kafkajs does not know the coordinator's address and retries 300 ms later
  const { groups: [description] } = await admin.describeGroups([group]);
  const members = description?.members ?? [];
  if (members.length === 0) return;
  const names = members.map(({ clientId, clientHost, memberId }) => `${clientId || memberId} at ${clientHost}`);
  throw new Failure(
    EXIT.busy,
    `The group ${group} is active: ${names.join(", ")}. Stop it first, or take another group (--group)${remedy}`,
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
