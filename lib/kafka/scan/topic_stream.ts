import type { Kafka } from "kafkajs";
import type { FetchedRecord } from "../protocol/record_batch.ts";
import { type ScanRange, scanTopic } from "./topic_scan.ts";

/**
 * The records of one range as {@linkcode scanTopic} finds them, read as fast as they are taken: what is in memory is a
 * fetch at most. Permissions as there.
 */
export async function* streamRange(kafka: Kafka, topic: string, range: ScanRange): AsyncGenerator<FetchedRecord> {
  const { readable, writable } = new TransformStream<FetchedRecord, FetchedRecord>();
  const writer = writable.getWriter();
  // Who stops reading makes the writes fail, which ends the scan.
  const take = (record: FetchedRecord) => writer.write(record).then(() => true, () => false);
  const scan = scanTopic(kafka, topic, [range], (_, record) => take(record))
    .then(() => writer.close(), (error) => writer.abort(error))
    .catch(() => {}); // nobody reads any more
  try {
    yield* readable;
  } finally {
    await scan;
  }
}
