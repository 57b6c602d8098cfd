import type { Kafka } from "kafkajs";
import { EXIT, Failure } from "../errors.ts";

/** The part of kafkajs's internal broker that speaks the group protocol (kafkajs/src/broker/index.js). */
interface CoordinatorBroker {
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
  offsetCommit(request: {
    groupId: string;
    groupGenerationId: number;
    memberId: string;
    topics: { topic: string; partitions: { partition: number; offset: string }[] }[];
  }): Promise<unknown>;
}

interface InternalCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  findGroupCoordinator(request: { groupId: string }): Promise<CoordinatorBroker>;
}

/** In the OffsetCommit protocol: the sender is no member, and the group must have none. */
const NO_GENERATION = -1;
const NO_MEMBER = "";

/**
 * Makes a member leave the group at once, for one that died without saying so: its group would wait for it until the
 * session times out. A member the group does not know is fine. Permission: net.
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
 * Commits offsets for a group without members; the coordinator refuses while it has any, so a join cannot race it.
 *
 * kafkajs's own `admin.setOffsets` joins the group for this, takes 5 s, and may resolve with partitions unchanged when
 * another member joins (tulios/kafkajs#1219). Throws a {@linkcode Failure} (75) where the group is active.
 */
export async function commitForEmptyGroup(
  kafka: Kafka,
  groupId: string,
  topic: string,
  offsets: ReadonlyMap<number, number>,
): Promise<void> {
  if (offsets.size === 0) return;
  const partitions = [...offsets].map(([partition, offset]) => ({ partition, offset: String(offset) }));
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
  work: (coordinator: CoordinatorBroker) => Promise<void>,
): Promise<void> {
  const cluster = createCluster(kafka);
  try {
    await cluster.connect();
    // Without it kafkajs does not know the coordinator's address, fails, and tries again 300 ms later.
    await cluster.refreshMetadata();
    await work(await cluster.findGroupCoordinator({ groupId }));
  } finally {
    await cluster.disconnect();
  }
}

/** kafkajs has no public way to the coordinator; its client builds clusters under a private symbol. */
function createCluster(kafka: Kafka): InternalCluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) =>
    description === "private:Kafka:createCluster"
  );
  if (symbol === undefined) throw new Error("Cannot reach the group coordinator: this is not kafkajs 2.2.4");
  const internals = kafka as unknown as Record<symbol, (options: object) => InternalCluster>;
  return internals[symbol]({ allowAutoTopicCreation: false });
}

function errorType(error: unknown): string {
  return (error as { type?: string }).type ?? "";
}
