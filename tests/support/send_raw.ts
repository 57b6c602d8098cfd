import type { Message } from "kafkajs";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { ensureTopics } from "../../lib/kafka/client/topics_admin.ts";
import { testKafka } from "./kafka.ts";

/** Puts messages into `topic` as another client might, to partition 0 where they name none. Permission: net. */
export async function sendRaw(topic: string, messages: readonly Message[]): Promise<void> {
  await ensureTopics(testKafka(), topic);
  const producer = createKafka(testKafka()).producer();
  try {
    await producer.connect();
    await producer.send({ topic, messages: messages.map((message) => ({ partition: 0, ...message })) });
  } finally {
    await producer.disconnect();
  }
}
