import { type Admin, ConfigResourceTypes, type ITopicConfig, type Kafka, type PartitionMetadata } from "kafkajs";
import type { KafkaConnection } from "../../connections.ts";
import { EXIT, Failure, messageOf } from "../../errors.ts";
import { patiently } from "../../patiently.ts";
import { deadLetterTopic, ORDERS_PARTITIONS } from "../../topics.ts";
import { createKafka, START_TIMEOUT_MS } from "./client.ts";
import { createTopics } from "./create_topics.ts";
import { isTransient } from "./failures.ts";
import { topicFacts } from "./topic_facts.ts";
import { withAdmin } from "./disconnect.ts";

/** Room for a record of the largest default size (1 MiB) plus the error headers. */
const DEAD_LETTER_BYTES = 2 << 20;

/** Use the broker's `default.replication.factor`. */
const BROKER_DEFAULT = -1;

const LEADER_POLL_MS = 50;

/**
 * Creates `topic` and its dead-letter topic if they are missing, and returns when their partitions have leaders.
 *
 * kafkajs fails on a topic that has no leader yet, so this comes before anything is sent. Existing topics stay as they
 * are. A topic that this client may not access or create is left to `requireRights`, because not every command needs
 * both. A topic that the brokers cannot create is a `Failure` (78) with their reason. Permission: net; at the broker
 * CREATE if a topic is missing.
 */
export async function ensureTopics(connection: KafkaConnection, topic: string): Promise<void> {
  const wanted: ITopicConfig[] = [
    { topic, numPartitions: ORDERS_PARTITIONS, replicationFactor: BROKER_DEFAULT },
    {
      topic: deadLetterTopic(topic),
      numPartitions: 1,
      replicationFactor: BROKER_DEFAULT,
      configEntries: [{ name: "max.message.bytes", value: String(DEAD_LETTER_BYTES) }],
    },
  ];
  try {
    const kafka = createKafka(connection);
    const facts = await topicFacts(kafka, wanted.map(({ topic }) => topic));
    const missing = wanted.filter(({ topic }) => !facts?.get(topic)?.exists && !facts?.get(topic)?.hidden);
    if (missing.length === 0) return;
    const created = await createTopics(kafka, missing);
    if (created.length > 0) await withAdmin(kafka, (admin) => awaitLeaders(admin, created));
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    const where = connection.brokers.join(",");
    throw new Failure(EXIT.unavailable, `Cannot create topic ${topic} at ${where}: ${messageOf(cause)}`, { cause });
  }
}

/**
 * Returns when each partition has a leader that answers. Not with kafkajs's `waitForLeaders`, which fails if the broker
 * it asks has not heard of the topic yet, as happens in a cluster.
 */
async function awaitLeaders(admin: Admin, topics: string[]): Promise<void> {
  const haveLeaders = await patiently(async () => {
    const { topics: found } = await admin.fetchTopicMetadata({ topics });
    if (!found.flatMap(({ partitions }) => partitions).every(({ leader }) => leader >= 0)) return false;
    // A leader in the metadata may not know of its role yet; one that answers does.
    for (const topic of topics) await admin.fetchTopicOffsets(topic);
    return true;
  }, { forMs: START_TIMEOUT_MS, everyMs: LEADER_POLL_MS, passes: isTransient });
  if (!haveLeaders) throw new Error("its partitions have no leader after 10 s");
}

/** The current partitions of `topic`. Permission: net; at the broker DESCRIBE. */
export async function partitionsOf(kafka: Kafka, topic: string): Promise<PartitionMetadata[]> {
  const { topics } = await withAdmin(kafka, (admin) => admin.fetchTopicMetadata({ topics: [topic] }));
  return topics[0].partitions;
}

/** The most bytes a batch of `topic` may have; undefined if the broker does not say. Needs DESCRIBE_CONFIGS. */
export async function maxMessageBytes(kafka: Kafka, topic: string): Promise<number | undefined> {
  const resource = { type: ConfigResourceTypes.TOPIC, name: topic, configNames: ["max.message.bytes"] };
  try {
    return await withAdmin(kafka, async (admin) => {
      const { resources } = await admin.describeConfigs({ resources: [resource], includeSynonyms: false });
      return Number(resources[0].configEntries[0].configValue);
    });
  } catch {
    return undefined;
  }
}
