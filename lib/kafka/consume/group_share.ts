import type { Kafka } from "kafkajs";
import { withAdmin } from "../client/disconnect.ts";

/** A member's share of its group. */
export interface GroupShare {
  memberId: string;
  /** The member's partitions. */
  partitions: readonly number[];
}

/**
 * A phrase for a member that has just joined its group: which of how many members it is, and its share of the topic's
 * `partitionCount` partitions. Permission: net.
 */
export async function describeShare(
  kafka: Kafka,
  group: string,
  { memberId, partitions, partitionCount }: GroupShare & { partitionCount: number },
): Promise<string> {
  const { groups: [{ members }] } = await withAdmin(kafka, async (admin) => {
    await admin.describeCluster(); // else kafkajs does not know the coordinator's address and retries 300 ms later
    return await admin.describeGroups([group]);
  });
  const ids = members.map((member) => member.memberId).sort();
  const place = `joined as ${ids.indexOf(memberId) + 1} of ${ids.length}`;
  if (partitions.length > 0) {
    return `${place}: ${partitions.length === 1 ? "partition" : "partitions"} ${partitions.join(", ")}`;
  }
  return `${place}: ${ids.length} consumers, ${partitionCount} partitions: this one waits`;
}
