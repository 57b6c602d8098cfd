import { setTimeout as delay } from "node:timers/promises";
import type { Admin, Kafka } from "kafkajs";
import { EXIT, Failure } from "../../errors.ts";
import type { OffsetStore } from "../../offset_changes.ts";
import { removeMember } from "../consume/group_coordinator.ts";
import { type GroupMember, groupMembers, requireEmptyGroup } from "../consume/group_offsets.ts";

/** How long to wait for a group, in milliseconds: twice what the session of a killed member takes by default. */
const PATIENCE_MS = 90_000;
const LOOK_MS = 1_000;

/** A group whose offsets are to be changed; `store` if it goes along. */
export interface IdleGroup {
  group: string;
  store: OffsetStore | undefined;
}

/**
 * Throws a {@linkcode Failure} (75) while the group has members, which it names, or while its store has an owner. A member
 * that the store knows to be dead is removed first. Permissions: net; those of the store.
 */
export async function requireIdle(kafka: Kafka, admin: Admin, { group, store }: IdleGroup): Promise<void> {
  let owned: unknown;
  try {
    const dead = await store?.deadMemberOf(group);
    if (dead !== undefined) await removeMember(kafka, group, dead);
  } catch (error) {
    if (!isBusy(error)) throw error;
    owned = error;
  }
  await requireEmptyGroup(admin, group); // first, because it names hosts
  if (owned !== undefined) throw owned;
}

/**
 * Waits until {@linkcode requireIdle} is content, for 90 s at most; `tell` gets whom it waits for, possibly nobody that
 * Kafka knows, and the seconds left, about once a second. Rejects with the reason of `stop` when that aborts.
 */
export async function waitUntilIdle(
  kafka: Kafka,
  admin: Admin,
  idle: IdleGroup,
  { tell, stop }: { tell: (members: readonly GroupMember[], secondsLeft: number) => void; stop: AbortSignal },
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (true) {
    try {
      return await requireIdle(kafka, admin, idle);
    } catch (error) {
      const leftMs = deadline - performance.now();
      if (!isBusy(error) || leftMs <= 0) throw error;
      const { members } = await groupMembers(admin, idle.group);
      tell(members, Math.ceil(leftMs / 1_000));
    }
    await delay(LOOK_MS, undefined, { signal: stop }).catch(() => stop.throwIfAborted());
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Failure && error.exit === EXIT.busy;
}
