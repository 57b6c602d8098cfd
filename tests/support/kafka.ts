import { ConfigResourceTypes } from "kafkajs";
import { registerOrderSchema } from "../../lib/avro/schema_registry.ts";
import type { KafkaConnection, RegistryConnection } from "../../lib/connections.ts";
import { EXIT, Failure } from "../../lib/errors.ts";
import type { Header } from "../../lib/header.ts";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { withAdmin } from "../../lib/kafka/client/disconnect.ts";
import { readTopic as readPartitions } from "../../lib/kafka/scan/read_topic.ts";
import { deadLetterTopic, valueSubject } from "../../lib/topics.ts";
import { ownWorld, task } from "./commands.ts";
import type { StackEnv } from "./stack.ts";

/** A message as it lies in a topic. */
export interface StoredMessage {
  partition: number;
  offset: number;
  key: string | undefined;
  value: Uint8Array | null;
  /** As text; the last value of each name. */
  headers: Record<string, string>;
  rawHeaders: readonly Header[];
}

/** The brokers of the stack that the test runner started. Permission: env KAFKA_BOOTSTRAP_SERVERS. */
export function testKafka(): KafkaConnection {
  return { brokers: setting("KAFKA_BOOTSTRAP_SERVERS").split(",") };
}

/** Its Schema Registry. Permission: env SCHEMA_REGISTRY_URL. */
export function testRegistry(): RegistryConnection {
  return { url: setting("SCHEMA_REGISTRY_URL") };
}

/** Both, as the environment of commands has them. Permissions: env of the two names. */
export function testEnv(): StackEnv {
  return {
    KAFKA_BOOTSTRAP_SERVERS: setting("KAFKA_BOOTSTRAP_SERVERS"),
    SCHEMA_REGISTRY_URL: setting("SCHEMA_REGISTRY_URL"),
  };
}

/** A topic or group name that no other test has. */
export function randomName(): string {
  return `test-${crypto.randomUUID()}`;
}

/** A world with its order schema registered and the sample users and items. */
export async function sampleWorld() {
  const world = ownWorld();
  const topic = world.env.ORDERS_TOPIC;
  await registerOrderSchema(testRegistry(), valueSubject(topic));
  await task("bootstrap", [], world.env);
  return { ...world, topic };
}

/** Has `topic` take batches of so many bytes at most. */
export async function limitBatches(topic: string, bytes: number): Promise<void> {
  const configEntries = [{ name: "max.message.bytes", value: String(bytes) }];
  const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }];
  await withAdmin(createKafka(testKafka()), (admin) => admin.alterConfigs({ validateOnly: false, resources }));
}

/** Everything in `topic` as of now, by partition and offset. */
export async function readTopic(topic: string): Promise<StoredMessage[]> {
  const messages: StoredMessage[] = [];
  for await (const { partition, records } of readPartitions(createKafka(testKafka()), topic)) {
    for await (const { offset, key, value, headers } of records) {
      const text = Object.fromEntries(headers.map(([name, header]) => [name, String(header)]));
      messages.push({ partition, offset, key: key?.toString(), value, headers: text, rawHeaders: headers });
    }
  }
  return messages;
}

/** What the dead letters of `topic` say of themselves. */
export async function reasonsIn(topic: string): Promise<string[]> {
  return (await readTopic(deadLetterTopic(topic))).map(({ headers }) => headers["__connect.errors.exception.message"]);
}

function setting(name: string): string {
  const value = Deno.env.get(name);
  if (value === undefined) throw new Failure(EXIT.config, `${name} is not set: run the tests with deno task test`);
  return value;
}
