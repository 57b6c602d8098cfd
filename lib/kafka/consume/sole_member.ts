import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { AssignerProtocol, type PartitionAssigner } from "kafkajs";

const PROTOCOL = "sole-member";

/**
 * Assigns every partition to the group's leader and none to anybody else: with the file store a second member would
 * hold a second copy of the stock. The coordinator keeps the leader while it stays, so whoever joins later gets
 * nothing, and leaves.
 *
 * The protocol has its own name, so that the coordinator rejects clients that would share by another rule.
 */
export const soleMember: PartitionAssigner = ({ cluster }) => {
  // The leader assigns, but does not learn its own member id: it recognises itself by this mark.
  const mark = Buffer.from(randomUUID());
  return {
    name: PROTOCOL,
    version: 0,
    assign({ members, topics }) {
      const everything = Object.fromEntries(topics.map((topic) => [topic, partitionsOf(cluster, topic)]));
      return Promise.resolve(members.map(({ memberId, memberMetadata }) => {
        const isLeader = AssignerProtocol.MemberMetadata.decode(memberMetadata)?.userData.equals(mark);
        const share = { version: 0, assignment: isLeader ? everything : {}, userData: Buffer.alloc(0) };
        return { memberId, memberAssignment: AssignerProtocol.MemberAssignment.encode(share) };
      }));
    },
    protocol({ topics }) {
      const metadata = { version: 0, topics, userData: mark };
      return { name: PROTOCOL, metadata: AssignerProtocol.MemberMetadata.encode(metadata) };
    },
  };
};

/** kafkajs's declared cluster type lacks what its own assigners use. */
export function partitionsOf(cluster: unknown, topic: string): number[] {
  const { findTopicPartitionMetadata } = cluster as {
    findTopicPartitionMetadata(topic: string): { partitionId: number }[];
  };
  return findTopicPartitionMetadata.call(cluster, topic).map(({ partitionId }) => partitionId);
}
