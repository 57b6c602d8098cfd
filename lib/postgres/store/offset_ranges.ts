import type { PartitionRange } from "../../ports.ts";
import type { Queries } from "../client/database.ts";

/**
 * Adds the offset range of a batch to those of its partition: ranges that overlap or touch become one. Returns whether
 * none of it was read before.
 */
export async function markAsRead(session: Queries, { topic, partition, from, to }: PartitionRange): Promise<boolean> {
  if (from === to) return true;
  const at = [topic, partition, from, to];
  // The usual case: the batch begins where the last one ended, and none of it was ever read.
  const extended = await session.query(
    `UPDATE offset_ranges SET to_offset = $4
     WHERE topic = $1 AND partition = $2 AND to_offset = $3 AND NOT EXISTS (
       SELECT FROM offset_ranges AS next
       WHERE next.topic = $1 AND next.partition = $2 AND next.from_offset BETWEEN $3 AND $4
     )
     RETURNING from_offset`,
    at,
  );
  if (extended.length > 0) return true;
  const met = await session.query<{ start: number; end: number }>(
    `DELETE FROM offset_ranges WHERE topic = $1 AND partition = $2 AND from_offset <= $4 AND to_offset >= $3
     RETURNING from_offset AS start, to_offset AS "end"`,
    at,
  );
  const start = Math.min(from, ...met.map((range) => range.start));
  const end = Math.max(to, ...met.map((range) => range.end));
  await session.query(
    "INSERT INTO offset_ranges (topic, partition, from_offset, to_offset) VALUES ($1, $2, $3, $4)",
    [topic, partition, start, end],
  );
  return met.every((range) => range.end === from || range.start === to);
}
