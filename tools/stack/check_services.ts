import type { Kafka } from "kafkajs";
import { registryHttp } from "../../lib/avro/registry_http.ts";
import type { KafkaSettings } from "../../lib/cli/settings.ts";
import type { RegistryConnection } from "../../lib/connections.ts";
import { counted } from "../../lib/counted.ts";
import { EXIT, Failure } from "../../lib/errors.ts";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { connectionDenied } from "../../lib/kafka/client/connection_denied.ts";
import { disconnect } from "../../lib/kafka/client/disconnect.ts";
import { topicFacts } from "../../lib/kafka/client/topic_facts.ts";
import { deadLetterTopic } from "../../lib/topics.ts";
import type { Check } from "./check.ts";

const ANSWER_MS = 3_000;

/** Whether brokers answer and have the topics. Permissions: net, env of kafkajs; at the broker DESCRIBE. */
export async function checkKafka({ kafka, topic }: KafkaSettings): Promise<Check[]> {
  const options = { retry: { retries: 0 }, connectionTimeout: ANSWER_MS, requestTimeout: ANSWER_MS };
  const client = createKafka(kafka, options);
  const admin = client.admin();
  try {
    await admin.connect();
    const cluster = await admin.describeCluster();
    const topics = await topicsThere(client, [topic, deadLetterTopic(topic)]) ?? await admin.listTopics();
    const found = `${counted(cluster.brokers.length, "broker")} at ${kafka.brokers.join(",")}`;
    return [{ name: "kafka", level: "ok", found }, checkTopics(topic, topics)];
  } catch (error) {
    const denied = connectionDenied(error, kafka);
    if (denied !== undefined) return [{ name: "kafka", level: "fail", found: denied.message }];
    const why = error instanceof Error ? error.message : String(error);
    const remedy = "start it with deno task up, or set KAFKA_BOOTSTRAP_SERVERS";
    return [{ name: "kafka", level: "fail", found: `no answer from ${kafka.brokers.join(",")} (${why})`, remedy }];
  } finally {
    await disconnect(admin);
  }
}

/** The topics that exist or may exist: this user need not have rights to both. Undefined if brokers do not tell. */
async function topicsThere(client: Kafka, topics: string[]): Promise<string[] | undefined> {
  const facts = await topicFacts(client, topics);
  return facts && topics.filter((topic) => facts.get(topic)?.exists || facts.get(topic)?.hidden);
}

/** Whether the two topics are among the existing ones. */
export function checkTopics(topic: string, there: readonly string[]): Check {
  const wanted = [topic, deadLetterTopic(topic)];
  const missing = wanted.filter((name) => !there.includes(name));
  if (missing.length === 0) return { name: "topics", level: "ok", found: wanted.join(", ") };
  return {
    name: "topics",
    level: "warn",
    found: `${missing.join(", ")} missing`,
    remedy: "deno task up creates them, as does the first command that needs them",
  };
}

/** Whether a Schema Registry answers. Permission: net. */
export async function checkRegistry(connection: RegistryConnection): Promise<Check> {
  const { url } = connection;
  const name = "registry";
  const remedy = "start it with deno task up, or set SCHEMA_REGISTRY_URL";
  try {
    const subjects = await registryHttp(connection)<unknown>("/subjects");
    if (Array.isArray(subjects)) {
      return { name, level: "ok", found: `${counted(subjects.length, "subject")} at ${url}` };
    }
    return { name, level: "fail", found: `${url} is not a Schema Registry`, remedy };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { name, level: "fail", found: error.message, remedy: error.exit === EXIT.config ? undefined : remedy };
  }
}
