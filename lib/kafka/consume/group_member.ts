import type { Consumer, Kafka } from "kafkajs";
import { type BatchConsumerConfig, createBatchConsumer } from "./batch_consumer.ts";
import { sharedMembers } from "./shared_members.ts";
import { soleMember } from "./sole_member.ts";
import { TOPIC_CHECK_MS } from "./topic_watch.ts";

/** How often a member has to say that it is alive, in milliseconds. */
export const HEARTBEAT_MS = 3_000;
const SESSION_TIMEOUT_MS = 30_000;
/** Where others can take over: that is how long the partitions of a member that was killed wait. */
const SHARED_SESSION_TIMEOUT_MS = 10_000;

/** How long a fetch waits for data; also how long a stop may wait for the fetch under way. */
const FETCH_WAIT_MS = 500;
/** A fetch takes six times its bytes in memory until it is handled; more of them at once is hardly faster. */
const FETCH_BYTES_PER_PARTITION = 1 << 20;

export interface MemberOptions extends Pick<BatchConsumerConfig, "onFetch"> {
  group: string;
  /** The partitions the member has, where the group may have several; without it this one must be the only one. */
  owned?: () => readonly number[];
}

/** A client that is to join a group, once; it commits nothing by itself, and a crash is its end. Permission: net. */
export function createMember(kafka: Kafka, { group, owned, onFetch }: MemberOptions): Consumer {
  return createBatchConsumer(kafka, {
    groupId: group,
    partitionAssigners: [owned === undefined ? soleMember : sharedMembers(owned)],
    sessionTimeout: owned === undefined ? SESSION_TIMEOUT_MS : SHARED_SESSION_TIMEOUT_MS,
    heartbeatInterval: HEARTBEAT_MS,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    maxBytesPerPartition: FETCH_BYTES_PER_PARTITION,
    metadataMaxAge: TOPIC_CHECK_MS, // kafkajs joins its group anew for partitions that were added
    onFetch,
    // Who starts over knows what may be retried.
    retry: { retries: 5, restartOnFailure: () => Promise.resolve(false) },
  });
}
