import { Buffer } from "node:buffer";
import { CompressionTypes, type Message } from "kafkajs";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { disconnect } from "../../lib/kafka/client/disconnect.ts";
import { ensureTopics } from "../../lib/kafka/client/topics_admin.ts";
import type { Order } from "../../lib/order.ts";
import { testKafka } from "./kafka.ts";

/** A field as it goes on the wire: text, bytes that may be no text, or a number of any size. */
type Wire = string | Uint8Array | number | bigint;

/**
 * Puts `messages` into `topic` as they are, to partition 0 where they name none; makes the topic where it is missing.
 * Permission: net.
 */
export async function sendRaw(
  topic: string,
  messages: readonly Message[],
  { compression = CompressionTypes.None } = {},
): Promise<void> {
  await ensureTopics(testKafka(), topic);
  const producer = createKafka(testKafka()).producer();
  try {
    await producer.connect();
    await producer.send({ topic, compression, messages: messages.map((message) => ({ partition: 0, ...message })) });
  } finally {
    await disconnect(producer);
  }
}

/** An order on the wire, written here by hand, so that its fields may be what no serializer lets through. */
export function wireOrder(schemaId: number, order: { [Field in keyof Order]: Wire }): Buffer {
  const { order_id, user, item, quantity, created_at } = order;
  return wire(schemaId, [order_id, user, item, quantity, created_at]);
}

/** `fields` in the Confluent wire format: text and bytes after their length, numbers in zigzag. */
export function wire(schemaId: number, fields: readonly Wire[]): Buffer {
  const header = Buffer.alloc(5);
  header.writeInt32BE(schemaId, 1);
  return Buffer.concat([header, ...fields.map(field)]);
}

function field(value: Wire): Buffer {
  if (typeof value === "number" || typeof value === "bigint") return zigzag(BigInt(value));
  const bytes = Buffer.from(value as Uint8Array);
  return Buffer.concat([zigzag(BigInt(bytes.length)), bytes]);
}

function zigzag(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value < 0n ? -2n * value - 1n : 2n * value;
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}
