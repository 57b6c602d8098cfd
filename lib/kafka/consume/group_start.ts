import type { Admin, Kafka } from "kafkajs";
import { committedOffsets, moveGroup, partitionLogs, requireEmptyGroup } from "./group_offsets.ts";
import { removeMember } from "./group_coordinator.ts";
import { planReset, type ResetRequest } from "./offset_reset.ts";
import type { ResetStep } from "../../reset_target.ts";
import { outOfRange, SHARE_REMEDY } from "../client/failures.ts";
import type { OrderStore } from "../../ports.ts";
import type { GroupTopic } from "./group_topic.ts";
import { wholeLogs } from "./log_ends.ts";

/** What the group's start needs from the store. */
export type StartStore = Pick<OrderStore, "resumeAt" | "restartAt">;

export interface GroupStart extends GroupTopic {
  /** Member id of the store's last owner: dead, because its lock is free, but the group may not know. */
  deadMember?: string;
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
  { deadMember, isShared = false, ...at }: GroupStart,
): Promise<StartOffsets> {
  const { group, topic } = at;
  if (deadMember !== undefined) await removeMember(kafka, group, deadMember);
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
  if (!isShared) await moveGroup(kafka, admin, at, changes(starts, committed));
  return { starts, ends: new Map(logs.map(({ partition, high }) => [partition, high])) };
}

/**
 * Moves the offsets of a group without members, and the store with it; `preview` first gets what will happen.
 *
 * The group is moved first, because that may fail, as when a member joins meanwhile. A store moved before it would make
 * the next start go there all the same, and skip orders by a reset that was reported as failed. The store is moved only
 * if it has a start of its own, which would override the group's.
 */
export async function resetGroup(
  kafka: Kafka,
  admin: Admin,
  store: StartStore,
  request: ResetRequest & { deadMember?: string },
  preview: (steps: readonly ResetStep[]) => void,
): Promise<void> {
  const { group, topic, topicId, deadMember } = request;
  if (deadMember !== undefined) await removeMember(kafka, group, deadMember);
  await requireEmptyGroup(admin, group);
  const steps = await planReset(admin, request);
  preview(steps);
  const targets = new Map(steps.map(({ partition, to }) => [partition, to]));
  await moveGroup(kafka, admin, { group, topic, topicId }, targets);
  for (const { partition, to } of steps) {
    const at = { topic, topicId, partition };
    if (await store.resumeAt(at) !== undefined) await store.restartAt(at, to);
  }
}

function changes(wanted: ReadonlyMap<number, number>, committed: ReadonlyMap<number, number>): Map<number, number> {
  return new Map([...wanted].filter(([partition, offset]) => committed.get(partition) !== offset));
}
