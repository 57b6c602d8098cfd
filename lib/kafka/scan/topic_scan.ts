import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Kafka } from "kafkajs";
import { causesOf, EXIT, Failure, messageOf } from "../../errors.ts";
import { SCAN_GROUPS } from "../../topics.ts";
import { createBatchConsumer } from "../consume/batch_consumer.ts";
import { START_TIMEOUT_MS } from "../client/client.ts";
import { disconnect } from "../client/disconnect.ts";
import { type FetchedRecord, recordGroups } from "../protocol/record_batch.ts";
import { refusal } from "../client/rights.ts";

/** Offsets `[from, to)` of one partition. */
export interface ScanRange {
  partition: number;
  from: number;
  to: number;
}

/** Told of one record; the next one waits for its answer, and false ends the scan. */
export type RecordVisitor = (partition: number, record: FetchedRecord) => void | Promise<boolean>;

/** A scan that reads nothing new for this long is given up, in milliseconds. */
const SILENCE_MS = 30_000;
const HEARTBEAT_MS = 3_000;
const RETRY_MS = 200;
const LOADING = "the coordinator of its groups is still loading";

/**
 * Visits every record of the given ranges once, in the order of their offsets within a partition; transaction markers
 * are no records. The ranges must lie within the log, those of one partition one after the other; what lies between is
 * not read, for it may have been skipped because it cannot be. A visit may take as long as it likes.
 *
 * Reads outside of any lasting group: a group of its own, gone afterwards. Permissions: net; at the broker READ on the
 * topic and on groups named `order-pipeline-scan-*`.
 */
export async function scanTopic(
  kafka: Kafka,
  topic: string,
  ranges: readonly ScanRange[],
  visit: RecordVisitor,
): Promise<void> {
  for (const deadline = Date.now() + START_TIMEOUT_MS; !(await scanOnce(kafka, topic, ranges, visit));) {
    if (Date.now() > deadline) throw new Failure(EXIT.unavailable, `Cannot read ${topic}: ${LOADING} after 10 s`);
    await delay(RETRY_MS);
  }
}

/** Answers false where nothing was read, for the coordinator is not ready yet: so it is for the first group of a broker. */
async function scanOnce(
  kafka: Kafka,
  topic: string,
  ranges: readonly ScanRange[],
  visit: RecordVisitor,
): Promise<boolean> {
  const unread = Map.groupBy(ranges.filter(({ from, to }) => from < to), ({ partition }) => partition);
  if (unread.size === 0) return true;
  const nextOffsets = new Map<number, number>();
  const groupId = SCAN_GROUPS + randomUUID();
  const consumer = createBatchConsumer(kafka, {
    groupId,
    retry: { retries: 5, restartOnFailure: () => Promise.resolve(false) },
  });
  const done = Promise.withResolvers<void>();
  done.promise.catch(() => {}); // a member that cannot join crashes before anybody waits for this
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
      eachBatch: async ({ batch, heartbeat }) => {
        const { partition } = batch;
        const range = unread.get(partition)?.[0];
        if (range === undefined) return;
        // A member that its group has lost comes back at the beginning of the log.
        const from = Math.max(range.from, nextOffsets.get(partition) ?? 0);
        for (const { records } of recordGroups(batch, from)) {
          for (const record of records) {
            if (record.offset >= range.to) return;
            nextOffsets.set(partition, record.offset + 1);
            const answer = visit(partition, record);
            if (answer !== undefined && !(await stayingMember(answer, heartbeat, patience))) return done.resolve();
          }
        }
      },
    });
    // `run` succeeds where the member cannot join, too: the crash says why it cannot.
    await Promise.race([done.promise, Promise.resolve()]);
    for (const [first] of unread.values()) readFrom(first);
    await done.promise;
    return true;
  } catch (cause) {
    if (nextOffsets.size === 0 && isLoading(cause)) return false;
    throw refusal(cause, kafka, { topic, operation: "Read", groupPrefix: SCAN_GROUPS }) ??
      new Failure(EXIT.unavailable, `Cannot read ${topic}: ${messageOf(cause)}`, { cause });
  } finally {
    clearTimeout(timer);
    await disconnect(consumer);
  }
}

function isLoading(error: unknown): boolean {
  return causesOf(error).some((inner) => "type" in inner && inner.type === "GROUP_LOAD_IN_PROGRESS");
}

/** Waits for `work` without being taken for dead, by the group or by our own patience. */
async function stayingMember<T>(work: Promise<T>, heartbeat: () => Promise<void>, patience: () => void): Promise<T> {
  const beats = setInterval(() => {
    patience();
    heartbeat().catch(() => {}); // a group that has lost this member takes it in again at the next fetch
  }, HEARTBEAT_MS);
  try {
    return await work;
  } finally {
    clearInterval(beats);
  }
}
