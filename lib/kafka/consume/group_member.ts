import type { Consumer, Kafka } from "kafkajs";
import { type BatchConsumerConfig, createBatchConsumer } from "./batch_consumer.ts";
import { sharedMembers } from "./shared_members.ts";
import { soleMember } from "./sole_member.ts";
import { TOPIC_CHECK_MS } from "./topic_watch.ts";

/** How often a member has to say that it is alive, in milliseconds. */
export const HEARTBEAT_MS = 3_000;
const SESSION_TIMEOUT_MS = 30_000;
/** The session timeout in a shared group: how long the partitions of a killed member wait. */
const SHARED_SESSION_TIMEOUT_MS = 10_000;

/** How long a fetch waits for data; also how long a stop may wait for the fetch under way. */
const FETCH_WAIT_MS = 500;
/** A fetch takes six times its size in memory until it is handled; larger ones are hardly faster. */
const FETCH_BYTES_PER_PARTITION = 1 << 20;

export interface MemberOptions extends Pick<BatchConsumerConfig, "onFetch"> {
  group: string;
  /** The partitions the member has, if the group may have several members; if missing, it must be the only one. */
  owned?: () => readonly number[];
}

/**
 * A client that joins a group once; it commits nothing by itself, and does not restart after a crash. Permission: net.
 */
export function createMember(kafka: Kafka, { group, owned, onFetch }: MemberOptions): Consumer {
  return createBatchConsumer(kafka, {
    groupId: group,
    partitionAssigners: [owned === undefined ? soleMember : sharedMembers(owned)],
    sessionTimeout: owned === undefined ? SESSION_TIMEOUT_MS : SHARED_SESSION_TIMEOUT_MS,
    heartbeatInterval: HEARTBEAT_MS,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    maxBytesPerPartition: FETCH_BYTES_PER_PARTITION,
    metadataMaxAge: TOPIC_CHECK_MS, // kafkajs rejoins its group when partitions are added
    onFetch,
    // The subscription itself decides what to retry.
    retry: { retries: 5, restartOnFailure: () => Promise.resolve(false) },
  });
}
