import type { Kafka } from "kafkajs";
import { RegistryUnavailable } from "../../../lib/avro/registry_http.ts";
import { writerSchemas } from "../../../lib/avro/schema_registry.ts";
import { subjectVersions } from "../../../lib/avro/subject_versions.ts";
import { ValueReader } from "../../../lib/avro/value_reader.ts";
import { bytesShown } from "../../../lib/cli/dead_letter_text.ts";
import type { RegistryConnection } from "../../../lib/connections.ts";
import { deadLetterRange, readDeadLetters } from "../../../lib/kafka/dead_letters/dead_letter_reader.ts";
import { findInTopic, type FoundRecord } from "../../../lib/kafka/inspect/find_record.ts";
import type { StoredDeadLetter } from "../../../lib/ports.ts";
import type { StoreWatch } from "../../../lib/store_watch.ts";
import { valueSubject } from "../../../lib/topics.ts";
import { placesOf, storyOf } from "../../order_story.ts";
import { type DeadLettersAnswer, LIMITS, type SchemasAnswer, type WhyAnswer } from "../snapshot.ts";

/** Versions of the schema shown, the latest. */
const MAX_VERSIONS = 20;
/** Records of one order looked up in the topic; an id that is sent again and again has many rejections. */
const MAX_RECORDS = 10;
/** Rejections and replays of one order in an answer, the latest. */
const MAX_EVENTS = 50;

/** Where the topic and its schemas are. */
export interface Topic {
  kafka: Kafka;
  registry: RegistryConnection;
  topic: string;
}

/** The versions of the topic's schema, each compared with the one before. Permission: net. */
export async function askSchemas({ registry, topic }: Topic): Promise<SchemasAnswer> {
  const subject = valueSubject(topic);
  return { subject, versions: await subjectVersions(registry, subject, MAX_VERSIONS) };
}

/** The latest dead letters, decoded as far as possible. `count` is how many are in the dead-letter topic. */
export async function askDeadLetters({ kafka, registry, topic }: Topic): Promise<DeadLettersAnswer> {
  const all = await deadLetterRange(kafka, topic, {});
  const range = { from: Math.max(all.from, all.to - LIMITS.deadLetters), to: all.to };
  const reader = new ValueReader(writerSchemas(registry, valueSubject(topic)));
  const deadLetters: DeadLettersAnswer["deadLetters"] = [];
  if (range.from < range.to) {
    for await (const deadLetter of readDeadLetters(kafka, topic, { range, filter: {} })) {
      deadLetters.push(await shown(deadLetter, reader));
    }
  }
  return { deadLetters: deadLetters.reverse(), count: all.to - all.from };
}

/** The story of an order. The topic is only read where the store says that the order is. */
export async function askWhy(
  { kafka, topic }: Topic,
  store: StoreWatch,
  orderId: string,
): Promise<Omit<WhyAnswer, "now">> {
  const history = await store.history(orderId);
  const rejections = history.rejections.slice(-MAX_EVENTS);
  const bounded = { ...history, rejections, replays: history.replays.slice(-MAX_EVENTS) };
  const places = placesOf(bounded).slice(0, MAX_RECORDS);
  // Without a place it would search the whole topic.
  let records: FoundRecord[] = [];
  if (places.length > 0) records = await findInTopic(kafka, topic, orderId, { known: places }).catch(() => []);
  return storyOf(orderId, bounded, records);
}

async function shown(deadLetter: StoredDeadLetter, reader: ValueReader): Promise<DeadLettersAnswer["deadLetters"][0]> {
  const { offset, timestamp, origin, reason, key, value, headers } = deadLetter;
  return {
    offset,
    timestamp,
    origin,
    reason,
    key: key === null ? undefined : bytesShown(key),
    value: value === null ? undefined : await decoded(value, reader) ?? bytesShown(value),
    headers: headers.map(([name, header]) => [bytesShown(name), header === null ? "null" : bytesShown(header)]),
  };
}

async function decoded(value: Uint8Array, reader: ValueReader): Promise<string | undefined> {
  try {
    const { decoded } = await reader.read(value);
    return decoded === undefined ? undefined : bytesShown(decoded);
  } catch (error) {
    if (error instanceof RegistryUnavailable) return undefined;
    throw error;
  }
}
