import type { Kafka } from "kafkajs";
import { withAdmin } from "../client/disconnect.ts";

/** A member's share of a topic. */
export interface GroupShare {
  group: string;
  topic: string;
  memberId: string;
  /** The member's partitions. */
  partitions: readonly number[];
}

/**
 * What a member may want to know of its group just after it joined, in a sentence without its end: which of how many it
 * is, and what is its share of the topic's partitions. Undefined where the group is not the one that it joined any more.
 * Permission: net.
 */
export async function describeShare(
  kafka: Kafka,
  { group, topic, memberId, partitions }: GroupShare,
): Promise<string | undefined> {
  const { members, partitionCount } = await withAdmin(kafka, async (admin) => {
    const { topics: [{ partitions }] } = await admin.fetchTopicMetadata({ topics: [topic] });
    const { groups: [{ members }] } = await admin.describeGroups([group]);
    return { members, partitionCount: partitions.length };
  });
  const ids = members.map((member) => member.memberId).sort();
  if (!ids.includes(memberId)) return undefined; // it will be told when it has joined anew
  const place = `joined as ${ids.indexOf(memberId) + 1} of ${ids.length}`;
  if (partitions.length > 0) {
    return `${place}: ${partitions.length === 1 ? "partition" : "partitions"} ${partitions.join(", ")}`;
  }
  return `${place}: ${ids.length} consumers, ${partitionCount} partitions: this one waits`;
}
