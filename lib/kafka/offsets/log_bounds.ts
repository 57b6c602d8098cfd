import type { Admin, Kafka } from "kafkajs";
import type { LogBounds } from "../../reset_target.ts";
import { partitionLogs } from "../consume/group_offsets.ts";
import { wholeLogs } from "../consume/log_ends.ts";

/** The partitions of a topic by number: what exists, and what of it can be read. Permission: net. */
export async function logBounds(kafka: Kafka, admin: Admin, topic: string): Promise<LogBounds[]> {
  const readable = await partitionLogs(admin, topic);
  // Asked for later, so that they are not behind what can be read.
  const ends = new Map((await wholeLogs(kafka, topic)).map(({ partition, high }) => [partition, high]));
  return readable.map((log) => ({ ...log, end: ends.get(log.partition) ?? log.high }));
}
