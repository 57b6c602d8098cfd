import type { Kafka } from "kafkajs";
import { causesOf, EXIT, Failure } from "../../errors.ts";
import { patiently } from "../../patiently.ts";
import { START_TIMEOUT_MS } from "../client/client.ts";
import { deleteOffsets } from "./delete_offsets.ts";
import type { GroupTopic } from "./group_topic.ts";
import { type InternalBroker, withCluster } from "../client/internal_cluster.ts";

/** In the OffsetCommit protocol: the sender is not a member, and the group must be empty. */
const NO_GENERATION = -1;
const NO_MEMBER = "";

/** What a coordinator answers to such a sender while the group has members. */
const IS_ACTIVE = [
  "UNKNOWN_MEMBER_ID",
  "ILLEGAL_GENERATION",
  "REBALANCE_IN_PROGRESS",
  "NON_EMPTY_GROUP",
  "GROUP_SUBSCRIBED_TO_TOPIC",
];

/** What a coordinator answers that has just been elected, as the first one of a new cluster. */
const IS_ELECTED = ["GROUP_LOAD_IN_PROGRESS", "NOT_COORDINATOR_FOR_GROUP", "GROUP_COORDINATOR_NOT_AVAILABLE"];
const RETRY_MS = 200;

/**
 * Removes a member that died without leaving from its group, which would otherwise wait until the session times out. An
 * unknown member is fine. Permission: net.
 */
export async function removeMember(kafka: Kafka, groupId: string, memberId: string): Promise<void> {
  await withCoordinator(kafka, groupId, async (coordinator) => {
    try {
      await coordinator.leaveGroup({ groupId, memberId });
    } catch (error) {
      if (errorType(error) !== "UNKNOWN_MEMBER_ID") throw error;
    }
  });
}

/** An offset as it is committed. */
export interface CommittedOffset {
  offset: number;
  metadata: string | null;
}

/**
 * Commits offsets for a group without members; the coordinator does not allow it otherwise, so a join cannot race it.
 * Where there is no offset to commit, the committed one is deleted. All that are committed are committed at once.
 *
 * kafkajs's own `admin.setOffsets` joins the group for this, takes 5 s, and may resolve with partitions unchanged when
 * another member joins (tulios/kafkajs#1219). Throws a {@linkcode Failure} (75) if the group is active.
 */
export async function commitForEmptyGroup(
  kafka: Kafka,
  { group: groupId, topic }: Omit<GroupTopic, "topicId">,
  offsets: ReadonlyMap<number, CommittedOffset | undefined>,
): Promise<void> {
  if (offsets.size === 0) return;
  const partitions = [...offsets].flatMap(([partition, committed]) =>
    committed === undefined ? [] : [{ partition, offset: String(committed.offset), metadata: committed.metadata }]
  );
  const deleted = [...offsets].flatMap(([partition, committed]) => committed === undefined ? [partition] : []);
  await withCoordinator(kafka, groupId, async (coordinator) => {
    try {
      const sender = { groupId, groupGenerationId: NO_GENERATION, memberId: NO_MEMBER };
      // First, because it takes a right of its own: where that is missing, nothing is moved.
      if (deleted.length > 0) await deleteOffsets(coordinator, { groupId, topic, partitions: deleted });
      if (partitions.length > 0) await coordinator.offsetCommit({ ...sender, topics: [{ topic, partitions }] });
    } catch (error) {
      if (!IS_ACTIVE.includes(errorType(error))) throw error;
      throw new Failure(EXIT.busy, `The group ${groupId} has become active; stop its members and try again`);
    }
  });
}

async function withCoordinator(
  kafka: Kafka,
  groupId: string,
  work: (coordinator: InternalBroker) => Promise<void>,
): Promise<void> {
  await withCluster(
    kafka,
    (cluster) => throughElection(async () => await work(await cluster.findGroupCoordinator({ groupId }))),
  );
}

/** Repeats a question to a coordinator that does not know yet that it is one, or reads the offsets of its groups. */
export async function throughElection<T>(ask: () => Promise<T>): Promise<T> {
  const passes = (error: unknown) => causesOf(error).some((inner) => IS_ELECTED.includes(errorType(inner)));
  return await patiently(ask, { forMs: START_TIMEOUT_MS, everyMs: RETRY_MS, passes });
}

function errorType(error: unknown): string {
  return (error as { type?: string }).type ?? "";
}
