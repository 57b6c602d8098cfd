import { randomUUID } from "node:crypto";
import type { Kafka } from "kafkajs";
import { EXIT, Failure } from "../errors.ts";
import { createBatchConsumer } from "./batch_consumer.ts";
import { disconnect } from "./disconnect.ts";
import { messageOf } from "./failures.ts";
import { type FetchedRecord, recordGroups } from "./record_batch.ts";

/** Offsets `[from, to)` of one partition. */
export interface ScanRange {
  partition: number;
  from: number;
  to: number;
}

/** A scan that reads nothing new for this long is given up, in milliseconds. */
const SILENCE_MS = 30_000;

/**
 * Visits every record of the given ranges, in the order of their offsets within a partition; transaction markers are no
 * records. The ranges must lie within the log, those of one partition one after the other. What lies between is not
 * read: it may have been skipped because it cannot be.
 *
 * Reads outside of any lasting group: a group of its own, gone afterwards. Permissions: net; at the broker READ on the
 * topic and on groups named `order-pipeline-scan-*`.
 */
export async function scanTopic(
  kafka: Kafka,
  topic: string,
  ranges: readonly ScanRange[],
  visit: (partition: number, record: FetchedRecord) => void,
): Promise<void> {
  const unread = Map.groupBy(ranges.filter(({ from, to }) => from < to), ({ partition }) => partition);
  if (unread.size === 0) return;
  const groupId = `order-pipeline-scan-${randomUUID()}`;
  const consumer = createBatchConsumer(kafka, {
    groupId,
    retry: { retries: 5, restartOnFailure: () => Promise.resolve(false) },
  });
  const done = Promise.withResolvers<void>();
  let timer = setTimeout(() => {}, 0);
  const patience = () => {
    clearTimeout(timer);
    timer = setTimeout(() => done.reject(new Error("no answer for 30 s")), SILENCE_MS);
  };
  const readFrom = ({ partition, from }: ScanRange) => consumer.seek({ topic, partition, offset: String(from) });
  const readTo = (partition: number, next: number) => {
    patience();
    const left = unread.get(partition);
    if (left !== undefined && next >= left[0].to) {
      left.shift();
      if (left.length > 0) return readFrom(left[0]);
      unread.delete(partition);
      consumer.pause([{ topic, partitions: [partition] }]);
    }
    if (unread.size === 0) done.resolve();
  };
  consumer.on(consumer.events.CRASH, ({ payload }) => done.reject(payload.error));
  consumer.on(
    consumer.events.END_BATCH_PROCESS,
    ({ payload }) => readTo(payload.partition, Number(payload.lastOffset) + 1),
  );
  try {
    patience();
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: ({ batch }) => {
        const { partition } = batch;
        const { from, to } = unread.get(partition)?.[0] ?? { from: 0, to: 0 };
        for (const { records } of recordGroups(batch, from)) {
          for (const record of records) if (record.offset < to) visit(partition, record);
        }
        return Promise.resolve();
      },
    });
    for (const [first] of unread.values()) readFrom(first);
    await done.promise;
  } catch (cause) {
    throw new Failure(EXIT.unavailable, `Cannot read ${topic}: ${messageOf(cause)}`, { cause });
  } finally {
    clearTimeout(timer);
    await disconnect(consumer);
  }
}
