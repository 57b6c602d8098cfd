import type { Kafka } from "kafkajs";
import { EXIT, Failure } from "../../errors.ts";
import { type GroupTopic, offsetMetadata } from "./group_topic.ts";
import { type InternalBroker, withCluster } from "../client/internal_cluster.ts";

/** In the OffsetCommit protocol: the sender is not a member, and the group must be empty. */
const NO_GENERATION = -1;
const NO_MEMBER = "";

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

/**
 * Commits offsets for a group without members; the coordinator does not allow it otherwise, so a join cannot race it.
 *
 * kafkajs's own `admin.setOffsets` joins the group for this, takes 5 s, and may resolve with partitions unchanged when
 * another member joins (tulios/kafkajs#1219). Throws a {@linkcode Failure} (75) if the group is active.
 */
export async function commitForEmptyGroup(
  kafka: Kafka,
  { group: groupId, topic, topicId }: GroupTopic,
  offsets: ReadonlyMap<number, number>,
): Promise<void> {
  if (offsets.size === 0) return;
  const metadata = offsetMetadata(topicId);
  const partitions = [...offsets].map(([partition, offset]) => ({ partition, offset: String(offset), metadata }));
  await withCoordinator(kafka, groupId, async (coordinator) => {
    try {
      const sender = { groupId, groupGenerationId: NO_GENERATION, memberId: NO_MEMBER };
      await coordinator.offsetCommit({ ...sender, topics: [{ topic, partitions }] });
    } catch (error) {
      if (!["UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION", "REBALANCE_IN_PROGRESS"].includes(errorType(error))) throw error;
      throw new Failure(EXIT.busy, `The group ${groupId} has become active; stop its members and try again`);
    }
  });
}

async function withCoordinator(
  kafka: Kafka,
  groupId: string,
  work: (coordinator: InternalBroker) => Promise<void>,
): Promise<void> {
  await withCluster(kafka, async (cluster) => await work(await cluster.findGroupCoordinator({ groupId })));
}

function errorType(error: unknown): string {
  return (error as { type?: string }).type ?? "";
}
