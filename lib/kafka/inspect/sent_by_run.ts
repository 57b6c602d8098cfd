import { Buffer } from "node:buffer";
import type { Kafka } from "kafkajs";
import { markedPiece } from "../../run_mark.ts";
import { REPLAY_RUN_HEADER } from "../../topics.ts";
import { disconnect } from "../client/disconnect.ts";
import { partitionLogs } from "../consume/group_offsets.ts";
import { isReadable } from "../client/rights.ts";
import { scanTopic } from "../scan/topic_scan.ts";

/**
 * The pieces of its slice that a run has put into `topic` so far. Reads the whole topic, as far as it reaches now.
 *
 * Permissions as `scanTopic`.
 */
export async function sentByRun(kafka: Kafka, topic: string, run: string): Promise<Set<string>> {
  const sent = new Set<string>();
  const admin = kafka.admin();
  try {
    await admin.connect();
    if (!(await isReadable(kafka, topic))) return sent;
    const everything = (await partitionLogs(admin, topic)).map(({ partition, low, high }) => ({
      partition,
      from: low,
      to: high,
    }));
    await scanTopic(kafka, topic, everything, (_, { headers }) => {
      const mark = headers.findLast(([name]) => name === REPLAY_RUN_HEADER)?.[1];
      const piece = mark ? markedPiece(run, Buffer.from(mark).toString()) : undefined;
      if (piece !== undefined) sent.add(piece);
    });
    return sent;
  } finally {
    await disconnect(admin);
  }
}
