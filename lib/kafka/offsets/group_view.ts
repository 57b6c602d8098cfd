import type { Admin, Kafka } from "kafkajs";
import { type OffsetStore, readsOnAt } from "../../offset_changes.ts";
import { type GroupMember, groupMembers } from "../consume/group_offsets.ts";
import type { GroupTopic } from "../consume/group_topic.ts";
import { logBounds } from "./log_bounds.ts";
import { offsetPlaces } from "./offset_places.ts";
import { recordTimes } from "./record_times.ts";

/** Where a group is in one partition. */
export interface PartitionView {
  partition: number;
  /** Undefined where nothing is committed. */
  committed: number | undefined;
  /** The store's own position, which outranks the committed offset. */
  position: number | undefined;
  /** The log: offsets `[start, end)`. */
  start: number;
  end: number;
  /** Records that wait to be read; what retention has removed does not count. */
  lag: number;
  /** How long the oldest of them has been waiting, in milliseconds; undefined if that cannot be read. */
  lagMs: number | undefined;
  owner: GroupMember | undefined;
}

/** A group and where it is in one topic. */
export interface GroupView {
  /** As Kafka has it: Stable, Empty, Dead (unknown) and so on. */
  state: string;
  members: GroupMember[];
  partitions: PartitionView[];
}

/** Looks at any group; `store` if it goes with the group. Permissions: net; at the broker READ on topic and group. */
export async function viewGroup(
  kafka: Kafka,
  admin: Admin,
  at: GroupTopic,
  store?: OffsetStore,
): Promise<GroupView> {
  const { state, members } = await groupMembers(admin, at.group, at.topic);
  // The places first: read on meanwhile, a group would be beyond ends that were asked for before.
  const places = await offsetPlaces(admin, at, store);
  const logs = await logBounds(kafka, admin, at.topic);
  const lags = logs.map(({ partition, low, end }) => {
    const next = Math.max(readsOnAt(places.get(partition) ?? {}) ?? low, low);
    return { partition, next, lag: Math.max(0, end - next) };
  });
  const behind = lags.filter(({ lag }) => lag > 0);
  const times = await recordTimes(
    kafka,
    admin,
    at.topic,
    new Map(behind.map(({ partition, next }) => [partition, next])),
  );
  const now = Date.now();
  const lagMs = (partition: number, lag: number) => {
    const time = times.get(partition);
    return lag === 0 ? 0 : time === undefined ? undefined : Math.max(0, now - time);
  };
  const partitions = logs.map(({ partition, low: start, end }, index) => ({
    partition,
    committed: places.get(partition)?.committed,
    position: places.get(partition)?.position,
    start,
    end,
    lag: lags[index].lag,
    lagMs: lagMs(partition, lags[index].lag),
    owner: members.find((member) => member.partitions.includes(partition)),
  }));
  return { state, members, partitions };
}
