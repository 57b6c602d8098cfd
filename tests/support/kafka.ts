import { EXIT, Failure } from "../../lib/errors.ts";
import { createKafka } from "../../lib/kafka/client.ts";

/** A message as it lies in a topic. */
export interface StoredMessage {
  partition: number;
  offset: number;
  key: string | undefined;
  value: Uint8Array | null;
  headers: Record<string, string>;
}

/** How long a test waits for what has to happen, in milliseconds. */
const PATIENCE_MS = 30_000;

/** The brokers of the stack that the test runner started. Permission: env KAFKA_BOOTSTRAP_SERVERS. */
export function testBrokers(): string[] {
  return setting("KAFKA_BOOTSTRAP_SERVERS").split(",");
}

/** Its Schema Registry. Permission: env SCHEMA_REGISTRY_URL. */
export function testRegistry(): string {
  return setting("SCHEMA_REGISTRY_URL");
}

/** A topic or group name that no other test has. */
export function randomName(): string {
  return `test-${crypto.randomUUID()}`;
}

/** Everything in `topic` as of now, by partition and offset. */
export async function readTopic(topic: string): Promise<StoredMessage[]> {
  const kafka = createKafka(testBrokers());
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const unread = new Map(ends.filter(({ low, high }) => low !== high).map((end) => [end.partition, Number(end.high)]));
  const messages: StoredMessage[] = [];
  if (unread.size === 0) return messages;

  const consumer = kafka.consumer({ groupId: randomName() });
  const done = Promise.withResolvers<void>();
  const deadline = setTimeout(() => done.reject(new Error(`Cannot read ${topic} within 30 s`)), PATIENCE_MS);
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: ({ partition, message }) => {
        const offset = Number(message.offset);
        const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]);
        messages.push({
          partition,
          offset,
          key: message.key?.toString(),
          value: message.value,
          headers: Object.fromEntries(headers),
        });
        if (offset + 1 >= unread.get(partition)!) unread.delete(partition);
        if (unread.size === 0) done.resolve();
        return Promise.resolve();
      },
    });
    await done.promise;
  } finally {
    clearTimeout(deadline);
    await consumer.disconnect();
  }
  return messages.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

function setting(name: string): string {
  const value = Deno.env.get(name);
  if (value === undefined) throw new Failure(EXIT.config, `${name} is not set: run the tests with deno task test`);
  return value;
}
