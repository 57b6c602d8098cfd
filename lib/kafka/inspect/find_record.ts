import type { Kafka } from "kafkajs";
import type { Coordinates } from "../../order.ts";
import { schemaIdIn } from "../../wire_format.ts";
import { disconnect } from "../client/disconnect.ts";
import { partitionLogs } from "../consume/group_offsets.ts";
import type { FetchedRecord } from "../protocol/record_batch.ts";
import { isReadable } from "../client/rights.ts";
import { scanTopic } from "../scan/topic_scan.ts";

/** A record that carries an order, as far as it can be told without decoding it. */
export interface FoundRecord extends Coordinates {
  /** Schema id of the Confluent wire format; undefined where the bytes do not start like it. */
  schemaId: number | undefined;
  key: string | undefined;
  /** Milliseconds since the epoch, as the broker has it. */
  timestamp: number;
}

/**
 * The records of `topic` that carry `orderId`: those at `places`, or where none is given every one in the topic whose
 * value holds the id's bytes. A place that the log no longer holds is left out. Permission: net.
 */
export async function findInTopic(
  kafka: Kafka,
  topic: string,
  orderId: string,
  places: readonly Coordinates[],
): Promise<FoundRecord[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    if (!(await isReadable(kafka, topic))) return [];
    const logs = await partitionLogs(admin, topic);
    const found: FoundRecord[] = [];
    const note = (partition: number, message: FetchedRecord) => {
      if (message.value?.includes(orderId)) found.push(describe(topic, partition, message));
    };
    if (places.length === 0) {
      const everything = logs.map(({ partition, low, high }) => ({ partition, from: low, to: high }));
      await scanTopic(kafka, topic, everything, note);
    }
    for (const { partition, offset } of places.filter((place) => place.topic === topic)) {
      const log = logs.find((log) => log.partition === partition);
      if (log === undefined || offset < log.low || offset >= log.high) continue;
      await scanTopic(kafka, topic, [{ partition, from: offset, to: offset + 1 }], note);
    }
    return found;
  } finally {
    await disconnect(admin);
  }
}

function describe(topic: string, partition: number, { offset, key, value, timestamp }: FetchedRecord): FoundRecord {
  return { topic, partition, offset, schemaId: schemaIdIn(value), key: key?.toString(), timestamp };
}
