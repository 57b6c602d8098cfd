import type { Admin, Kafka } from "kafkajs";
import { committedOffsets, moveGroup, partitionLogs, requireEmptyGroup } from "./group_offsets.ts";
import type { CommittedOffset } from "./group_coordinator.ts";
import { outOfRange, SHARE_REMEDY } from "../client/failures.ts";
import type { OrderStore } from "../../ports.ts";
import { type GroupTopic, offsetMetadata } from "./group_topic.ts";
import { wholeLogs } from "./log_ends.ts";

/** What the group's start needs from the store. */
export type StartStore = Pick<OrderStore, "resumeAt">;

export interface GroupStart extends GroupTopic {
  /** Whether the group may already have members: then each reads on where the store says, and no offset is moved. */
  isShared?: boolean;
}

/** Where a group begins and what the logs hold, by partition. */
export interface StartOffsets {
  starts: Map<number, number>;
  /** The current log ends, including open transactions. */
  ends: Map<number, number>;
}

/**
 * Prepares the offsets of a group before it is joined, and returns where each partition begins.
 *
 * The store takes precedence over the group; without either, a partition begins at the earliest record. Throws a
 * `Failure`: 65 if a committed offset is not in the log, 75 if the group is active and not shared. Permission: net.
 */
export async function startGroup(
  kafka: Kafka,
  admin: Admin,
  store: StartStore,
  { isShared = false, ...at }: GroupStart,
): Promise<StartOffsets> {
  const { group, topic } = at;
  if (!isShared) await requireEmptyGroup(admin, group, `, or ${SHARE_REMEDY}`);
  const committed = await committedOffsets(admin, at);
  const partitions = (await partitionLogs(admin, topic)).map(({ partition }) => partition);
  const positionOf = async (partition: number) =>
    [partition, await store.resumeAt({ ...at, partition }) ?? committed.get(partition)] as const;
  const positions = new Map(await Promise.all(partitions.map(positionOf)));
  // After the positions: other members read on meanwhile, and would be beyond ends that were asked for before.
  const logs = await wholeLogs(kafka, topic);
  const starts = new Map(logs.map(({ partition, low, high }) => {
    const start = positions.get(partition) ?? low;
    if (start < low || start > high) {
      throw outOfRange(topic, partition, ` (it is ${start}, the log is ${low} to ${high})`);
    }
    return [partition, start];
  }));
  if (!isShared) await moveGroup(kafka, admin, at, changes(starts, committed, at.topicId));
  return { starts, ends: new Map(logs.map(({ partition, high }) => [partition, high])) };
}

function changes(
  wanted: ReadonlyMap<number, number>,
  committed: ReadonlyMap<number, number>,
  topicId: string | undefined,
): Map<number, CommittedOffset> {
  const metadata = offsetMetadata(topicId);
  const moved = [...wanted].filter(([partition, offset]) => committed.get(partition) !== offset);
  return new Map(moved.map(([partition, offset]) => [partition, { offset, metadata }]));
}
