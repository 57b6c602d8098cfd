import type { Kafka } from "kafkajs";
import type { OffsetRange } from "../../offset_ranges.ts";
import type { Coordinates } from "../../order.ts";
import { type BeginProgress, unwatched } from "../../progress.ts";
import { schemaIdIn } from "../../wire_format.ts";
import type { FetchedRecord } from "../protocol/fetched_records.ts";
import { textWithLength } from "../protocol/record_writer.ts";
import { isReadable } from "../client/rights.ts";
import { readTopic } from "../scan/read_topic.ts";

/** A record that holds an order, as far as one can tell without decoding it. */
export interface FoundRecord extends Coordinates {
  /** Schema id of the Confluent wire format; undefined if the bytes do not start like it. */
  schemaId: number | undefined;
  key: string | undefined;
  /** Milliseconds since the epoch, as the broker has it. */
  timestamp: number;
}

/**
 * The records of `topic` with `orderId`: those at the coordinates in `known`, or if it is empty, all whose value
 * contains it as an Avro or a JSON string, which is not so of a part of an id. Coordinates that the log no longer holds
 * are left out. Permission: net.
 */
export async function findInTopic(
  kafka: Kafka,
  topic: string,
  orderId: string,
  { known, begin = unwatched }: { known: readonly Coordinates[]; begin?: BeginProgress },
): Promise<FoundRecord[]> {
  if (!(await isReadable(kafka, topic))) return [];
  const found: FoundRecord[] = [];
  const forms = [textWithLength(orderId), JSON.stringify(orderId)];
  const look = async (wanted?: Map<number, OffsetRange[]>) => {
    const progress = begin(`Reading ${topic}`, "records");
    for await (const { partition, records } of readTopic(kafka, topic, { wanted, progress })) {
      for await (const record of records) {
        if (forms.some((form) => record.value?.includes(form))) found.push(describe(topic, partition, record));
      }
    }
  };
  if (known.length === 0) await look();
  for (const { partition, offset } of known.filter((at) => at.topic === topic)) {
    await look(new Map([[partition, [{ from: offset, to: offset + 1 }]]]));
  }
  return found;
}

function describe(topic: string, partition: number, { offset, key, value, timestamp }: FetchedRecord): FoundRecord {
  return { topic, partition, offset, schemaId: schemaIdIn(value), key: key?.toString(), timestamp };
}
