import type { Buffer } from "node:buffer";
import { type Admin, AssignerProtocol, type GroupDescription, type Kafka } from "kafkajs";
import { EXIT, Failure } from "../../errors.ts";
import { commitForEmptyGroup, type CommittedOffset, throughElection } from "./group_coordinator.ts";
import { type GroupTopic, isOfEarlierTopic } from "./group_topic.ts";

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
export async function committedOffsets(admin: Admin, at: GroupTopic): Promise<Map<number, number>> {
  return new Map([...await commitsOf(admin, at)].map(([partition, { offset }]) => [partition, offset]));
}

/** The same with the metadata. */
export async function commitsOf(
  admin: Admin,
  { group, topic, topicId }: GroupTopic,
): Promise<Map<number, CommittedOffset>> {
  const [fetched] = await throughElection(() => admin.fetchOffsets({ groupId: group, topics: [topic] }));
  const committed = (fetched?.partitions ?? []).filter(({ offset, metadata }) =>
    Number(offset) >= 0 && !isOfEarlierTopic(metadata, topicId)
  );
  return new Map(
    committed.map(({ partition, offset, metadata }) => [partition, { offset: Number(offset), metadata }]),
  );
}

/** A member of a group, as the coordinator knows it. */
export interface GroupMember {
  memberId: string;
  clientId: string;
  host: string;
  /** Its partitions of the topic asked about. */
  partitions: number[];
}

/** The members of a group, and the state that Kafka gives it. Permission: net. */
export async function groupMembers(
  admin: Admin,
  group: string,
  topic?: string,
): Promise<{ state: string; members: GroupMember[] }> {
  await admin.describeCluster(); // else kafkajs does not know the coordinator's address and retries 300 ms later
  const { groups: [description] } = await throughElection(() => admin.describeGroups([group]));
  return { state: description?.state ?? "Dead", members: membersIn(description, topic) };
}

/** The members in what a coordinator says of a group; none of a group that it does not know. */
export function membersIn(description: GroupDescription | undefined, topic?: string): GroupMember[] {
  return (description?.members ?? []).map(({ memberId, clientId, clientHost, memberAssignment }) => ({
    memberId,
    clientId,
    host: clientHost.replace(/^\//, ""), // as Java writes an address
    partitions: topic === undefined ? [] : shareOf(memberAssignment, topic),
  }));
}

/** None while the group is being shared out, and of members whose assignment is in a form of their own. */
function shareOf(assignment: Buffer, topic: string): number[] {
  try {
    const decoded = AssignerProtocol.MemberAssignment.decode(assignment);
    return [...decoded?.assignment[topic] ?? []].sort((a, b) => a - b);
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}

/** Refuses (75) while the group has members, naming them, and one more `remedy`. Permission: net. */
export async function requireEmptyGroup(admin: Admin, group: string, remedy = ""): Promise<void> {
  const { members } = await groupMembers(admin, group);
  if (members.length === 0) return;
  throw new Failure(
    EXIT.busy,
    `The group ${group} is active: ${namesOf(members)}. Stop it first, or take another group (--group)${remedy}`,
  );
}

/** Members as a person may find them; those of one name on one machine are counted. */
export function namesOf(members: readonly GroupMember[]): string {
  const counts = new Map<string, number>();
  for (const { clientId, memberId, host } of members) {
    const name = `${clientId || memberId} at ${host}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => count === 1 ? name : `${name} (${count} members)`).join(", ");
}

/** Commits `offsets` for a group without members and reads them back; a difference is a {@linkcode Failure} (1). */
export async function moveGroup(
  kafka: Kafka,
  admin: Admin,
  at: GroupTopic,
  offsets: ReadonlyMap<number, CommittedOffset | undefined>,
): Promise<void> {
  await commitForEmptyGroup(kafka, at, offsets);
  const committed = await committedOffsets(admin, at);
  const wrong = [...offsets].find(([partition, wanted]) => committed.get(partition) !== wanted?.offset);
  if (wrong === undefined) return;
  const [partition, wanted] = wrong;
  const found = committed.get(partition) ?? "none";
  const aim = wanted?.offset ?? "none";
  throw new Failure(EXIT.failed, `Partition ${partition} of ${at.topic} is at ${found} after moving it to ${aim}`);
}
