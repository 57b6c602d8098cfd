import type { Kafka } from "kafkajs";
import { type PartitionLog, partitionLogs } from "./group_offsets.ts";
import { overrideCluster } from "../client/internal_cluster.ts";
import type { HeldBack } from "./open_transactions.ts";
import { withAdmin } from "../client/disconnect.ts";

/** In the ListOffsets protocol. kafkajs asks for what is committed, which ends at an open transaction. */
const READ_UNCOMMITTED = 0;

/**
 * The partitions of a topic up to their high watermarks, including what open transactions hold back. Permission: net.
 */
export async function wholeLogs(kafka: Kafka, topic: string): Promise<PartitionLog[]> {
  return await withAdmin(seeingAll(kafka), (admin) => partitionLogs(admin, topic));
}

/** A client to which a log ends at its high watermark, as for kafka-consumer-groups. */
export function seeingAll(kafka: Kafka): Kafka {
  return overrideCluster(kafka, (cluster) => Object.assign(cluster, { isolationLevel: READ_UNCOMMITTED }));
}

/** What open transactions hold back in `topic` now, by partition. Permission: net. */
export async function heldBack(kafka: Kafka, topic: string): Promise<HeldBack[]> {
  const whole = await wholeLogs(kafka, topic);
  // Asked for later, these may be beyond those ends.
  const stable = await withAdmin(kafka, (admin) => partitionLogs(admin, topic));
  const stableEnds = new Map(stable.map(({ partition, high }) => [partition, high]));
  return whole.map(({ partition, high }) => ({ partition, from: stableEnds.get(partition) ?? high, to: high }))
    .filter(({ from, to }) => from < to);
}
