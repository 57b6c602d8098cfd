import { Buffer } from "node:buffer";
import { type Admin, ConfigResourceTypes, type Kafka } from "kafkajs";
import fetchRequest from "kafkajs/src/protocol/requests/fetch/v11/request.js";
import { disconnect, withAdmin } from "../../lib/kafka/client/disconnect.ts";
import { withCluster } from "../../lib/kafka/client/internal_cluster.ts";
import { AT, BEFORE_LENGTH, CONTROL } from "../../lib/kafka/protocol/record_format.ts";
import { eventually } from "./commands.ts";

/** Cleans as soon as a segment is rolled, which is each second there is a record; markers have no second life. */
const COMPACTED = {
  "cleanup.policy": "compact",
  "segment.ms": "1000",
  "delete.retention.ms": "0",
  "max.compaction.lag.ms": "1000",
  "min.cleanable.dirty.ratio": "0",
  "max.message.bytes": "2000",
};
/** The cleaner rests for 15 s by default. */
const CLEANER = { "log.cleaner.backoff.ms": "250" };
const PATIENCE_MS = 180_000;

/** A partition of a topic. */
export interface PartitionOf {
  topic: string;
  partition: number;
}

/** Has a topic that exists compacted from now on. Permission: net. */
export async function compactTopic(kafka: Kafka, topic: string): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    const { brokers } = await admin.describeCluster();
    await alter(admin, { type: ConfigResourceTypes.TOPIC, name: topic, settings: COMPACTED });
    for (const { nodeId } of brokers) {
      await alter(admin, { type: ConfigResourceTypes.BROKER, name: String(nodeId), settings: CLEANER });
    }
  });
}

/**
 * Leaves batches that compaction has emptied in a partition of a topic of {@linkcode compactTopic}, and returns the last
 * offset of one of each kind: the marker of a transaction of which nothing was written, and a batch that brokers keep
 * because its producer is still known. With them lies an aborted transaction that the answer to a fetch names, and
 * behind them records with the key `key`. Permission: net.
 */
export async function leaveEmptyBatches(
  kafka: Kafka,
  at: PartitionOf,
  key: string,
): Promise<{ marker: number; data: number }> {
  await abort(kafka, at, Buffer.alloc(5_000));
  await abort(kafka, at, Buffer.from("aborted"));
  return await eventually("compaction has left batches of both kinds empty", async () => {
    await send(kafka, at, key); // what comes last is never cleaned, nor is a segment rolled without a record
    const batches = await emptyBatches(kafka, at);
    const [marker, data] = [true, false].map((isMarker) => batches.find((batch) => batch.isMarker === isMarker));
    return marker && data && { marker: marker.offset, data: data.offset };
  }, PATIENCE_MS);
}

async function alter(
  admin: Admin,
  { type, name, settings }: { type: ConfigResourceTypes; name: string; settings: Record<string, string> },
): Promise<void> {
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
  await admin.alterConfigs({ validateOnly: false, resources: [{ type, name, configEntries }] });
}

/** Sends one value in a transaction, which the broker may refuse, and aborts it. */
async function abort(kafka: Kafka, { topic, partition }: PartitionOf, value: Buffer): Promise<void> {
  const producer = kafka.producer({ transactionalId: crypto.randomUUID(), maxInFlightRequests: 1, idempotent: true });
  try {
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ partition, key: "aborted", value }] }).catch(() => {});
    await transaction.abort();
  } finally {
    await disconnect(producer);
  }
}

/** Sends one value that is not an order, as a producer of its own that brokers remember. */
async function send(kafka: Kafka, { topic, partition }: PartitionOf, key: string): Promise<void> {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  try {
    await producer.connect();
    await producer.send({ topic, messages: [{ partition, key, value: "no order" }] });
  } finally {
    await disconnect(producer);
  }
}

interface EmptyBatch {
  offset: number;
  isMarker: boolean;
}

/** The batches of a partition without a record, by what their bytes say; as far as one fetch reaches. */
export async function emptyBatches(kafka: Kafka, { topic, partition }: PartitionOf): Promise<EmptyBatch[]> {
  return await withCluster(kafka, async (cluster) => {
    await cluster.addTargetTopic(topic);
    const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
    const { connectionPool } = await cluster.findBroker({ nodeId });
    const everything = { partition, fetchOffset: 0, maxBytes: 1 << 20 };
    const limits = { replicaId: -1, maxWaitTime: 0, minBytes: 0, maxBytes: 1 << 20 };
    const batches = await connectionPool.send<Buffer>({
      request: fetchRequest({ ...limits, topics: [{ topic, partitions: [everything] }] }),
      response: { decode: (bytes) => Promise.resolve(bytes), parse: (bytes) => Promise.resolve(bytes) },
    });
    return [...emptyOnes(batches.subarray(batchesAt(batches, topic)))];
  });
}

/** Where the batches begin in an answer about one partition, of version 11. */
function batchesAt(answer: Buffer, topic: string): number {
  const aborted = 4 + 2 + 4 + 4 + 2 + topic.length + 4 + 4 + 2 + 3 * 8;
  const transactions = Math.max(0, answer.readInt32BE(aborted));
  return aborted + 4 + transactions * 16 + 4 + 4;
}

function* emptyOnes(bytes: Buffer): Generator<EmptyBatch> {
  for (let at = 0; at + AT.records <= bytes.length; at += BEFORE_LENGTH + bytes.readInt32BE(at + AT.length)) {
    if (bytes.readInt32BE(at + AT.recordCount) > 0) continue;
    const offset = Number(bytes.readBigInt64BE(at)) + bytes.readInt32BE(at + AT.lastOffsetDelta);
    yield { offset, isMarker: (bytes.readInt16BE(at + AT.attributes) & CONTROL) !== 0 };
  }
}
