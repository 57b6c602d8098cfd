import type { PartitionRange } from "../../ports.ts";
import type { Queries } from "../client/database.ts";

/** Adds the range of a batch to what was read of its partition: ranges that overlap or touch become one. */
export async function markAsRead(session: Queries, { topic, partition, from, to }: PartitionRange): Promise<void> {
  if (from === to) return;
  // Reading on from where the last batch ended is the rule.
  const [range] = await session.query<{ start: number; reachesNext: boolean }>(
    `UPDATE offset_ranges AS range SET to_offset = greatest(to_offset, $4)
     WHERE topic = $1 AND partition = $2 AND from_offset <= $3 AND to_offset >= $3
     RETURNING from_offset AS start, EXISTS (
       SELECT FROM offset_ranges AS next WHERE next.topic = $1 AND next.partition = $2
       AND next.from_offset > range.from_offset AND next.from_offset <= $4
     ) AS "reachesNext"`,
    [topic, partition, from, to],
  );
  if (range?.reachesNext === false) return;
  const start = range?.start ?? from;
  const reached = await session.query<{ to_offset: number }>(
    `DELETE FROM offset_ranges WHERE topic = $1 AND partition = $2 AND from_offset >= $3 AND from_offset <= $4
     RETURNING to_offset`,
    [topic, partition, start, to],
  );
  const end = Math.max(to, ...reached.map(({ to_offset }) => to_offset));
  await session.query(
    "INSERT INTO offset_ranges (topic, partition, from_offset, to_offset) VALUES ($1, $2, $3, $4)",
    [topic, partition, start, end],
  );
}
