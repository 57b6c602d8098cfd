import type { ITopicConfig } from "kafkajs";
import { EXIT, Failure } from "../errors.ts";
import { deadLetterTopic, ORDERS_PARTITIONS } from "../topics.ts";
import { createKafka } from "./client.ts";

/** As many replicas as the broker's `default.replication.factor`. */
const BROKER_DEFAULT = -1;

/**
 * Creates `topic` and its dead letter topic where they are missing, and returns when their partitions have leaders.
 *
 * kafkajs fails on a topic that has no leader yet, so this comes before anything is sent. Leaves existing topics as
 * they are. Permission: net; at the broker DESCRIBE, and CREATE where a topic is missing.
 */
export async function ensureTopics(brokers: string[], topic: string): Promise<void> {
  const wanted: ITopicConfig[] = [
    { topic, numPartitions: ORDERS_PARTITIONS, replicationFactor: BROKER_DEFAULT },
    { topic: deadLetterTopic(topic), numPartitions: 1, replicationFactor: BROKER_DEFAULT },
  ];
  const admin = createKafka(brokers).admin();
  try {
    await admin.connect();
    const existing = new Set(await admin.listTopics());
    const missing = wanted.filter(({ topic }) => !existing.has(topic));
    // Resolves also where another process has just created them.
    if (missing.length > 0) await admin.createTopics({ topics: missing, waitForLeaders: true });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(EXIT.unavailable, `Cannot create topic ${topic} at ${brokers.join(",")}: ${why}`, { cause });
  } finally {
    await admin.disconnect().catch(() => {}); // not connected: nothing to close
  }
}
