import { Buffer } from "node:buffer";
import { AssignerProtocol, type PartitionAssigner } from "kafkajs";
import { shareOut } from "./share_out.ts";
import { partitionsOf } from "./sole_member.ts";

const PROTOCOL = "shared-sticky";

/**
 * Shares the partitions of one topic among the members of a group, see {@linkcode shareOut}; each member says when
 * joining which partitions it has (`owned`).
 *
 * The protocol has its own name, so that the coordinator rejects clients that would share by another rule.
 */
export function sharedMembers(owned: () => readonly number[]): PartitionAssigner {
  return ({ cluster }) => ({
    name: PROTOCOL,
    version: 0,
    assign({ members, topics }) {
      const [topic] = topics;
      const sharers = members.map(({ memberId, memberMetadata }) => ({ memberId, owned: ownedIn(memberMetadata) }));
      const shares = shareOut(partitionsOf(cluster, topic), sharers);
      return Promise.resolve([...shares].map(([memberId, partitions]) => {
        const assignment = partitions.length === 0 ? {} : { [topic]: partitions };
        const share = { version: 0, assignment, userData: Buffer.alloc(0) };
        return { memberId, memberAssignment: AssignerProtocol.MemberAssignment.encode(share) };
      }));
    },
    protocol({ topics }) {
      const userData = Buffer.from(JSON.stringify(owned()));
      return { name: PROTOCOL, metadata: AssignerProtocol.MemberMetadata.encode({ version: 0, topics, userData }) };
    },
  });
}

/** The partitions a member says it has; none if the metadata comes from another client. */
function ownedIn(memberMetadata: Buffer): number[] {
  try {
    const owned: unknown = JSON.parse(AssignerProtocol.MemberMetadata.decode(memberMetadata)!.userData.toString());
    return Array.isArray(owned) ? owned.filter(Number.isInteger) : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}
