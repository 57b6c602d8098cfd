import { Buffer } from "node:buffer";
import type { Kafka } from "kafkajs";
import { type BeginProgress, unwatched } from "../../progress.ts";
import { markedRecord } from "../../run_mark.ts";
import { REPLAY_RUN_HEADER } from "../../topics.ts";
import { isReadable } from "../client/rights.ts";
import { readTopic } from "../scan/read_topic.ts";

/**
 * The records of its slice that a run has sent to `topic` so far. Reads the whole topic up to its current end.
 *
 * Permissions as `readPartition`.
 */
export async function sentByRun(
  kafka: Kafka,
  topic: string,
  { run, begin = unwatched }: { run: string; begin?: BeginProgress },
): Promise<Set<string>> {
  const sent = new Set<string>();
  if (!(await isReadable(kafka, topic))) return sent;
  const progress = begin(`Reading ${topic}`, "records");
  for await (const { records } of readTopic(kafka, topic, { progress })) {
    for await (const { headers } of records) {
      const mark = headers.findLast(([name]) => name === REPLAY_RUN_HEADER)?.[1];
      const record = mark ? markedRecord(run, Buffer.from(mark).toString()) : undefined;
      if (record !== undefined) sent.add(record);
    }
  }
  return sent;
}
