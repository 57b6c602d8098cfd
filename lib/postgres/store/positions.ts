import { type OrderBatch, PositionMoved, type TopicPartition } from "../../ports.ts";
import type { Queries } from "../client/database.ts";

interface Position {
  position: number;
  topic_id: string | null;
  /** The attempt at a batch whose transaction moved it last. */
  moved_by: string | null;
}

/**
 * Moves a partition's position over a batch: the fence. Of all members that hold a batch that begins there, one moves
 * it; the others wait here for its transaction and then find that the position has moved.
 *
 * The position of a partition never seen, or of an earlier topic of that name, is taken to be where the batch begins.
 * "moved before": an earlier transaction of this `attempt` did it, but its answer was lost. Throws
 * {@linkcode PositionMoved} where the position is elsewhere.
 */
export async function movePosition(
  session: Queries,
  batch: OrderBatch,
  { attempt, group = null }: { attempt: string; group?: string | null },
): Promise<"moved" | "moved before"> {
  const { topic, partition, topicId = null, from, to } = batch;
  const moved = await session.query(
    `UPDATE positions SET position = $5, topic_id = coalesce($3::text, topic_id), moved_by = $6,
       group_name = coalesce($7, group_name)
     WHERE topic = $1 AND partition = $2 AND position = $4 AND coalesce(topic_id = $3::text, true)
     RETURNING position`,
    [topic, partition, topicId, from, to, attempt, group],
  );
  if (moved.length > 0) return "moved";
  const found = await find(session, batch);
  if (found?.moved_by === attempt) return "moved before";
  if (found !== undefined && !isOfEarlierTopic(found, batch)) throw new PositionMoved(batch);
  if (found !== undefined) await forget(session, batch);
  // If another member inserts it first, this is a unique violation, and the next try finds its position.
  await session.query(
    "INSERT INTO positions (topic, partition, topic_id, position, moved_by, group_name) VALUES ($1, $2, $3, $4, $5, $6)",
    [topic, partition, topicId, to, attempt, group],
  );
  return "moved";
}

/** The next offset to read; undefined for a partition that was never seen. */
export async function positionOf(session: Queries, at: TopicPartition): Promise<number | undefined> {
  const found = await find(session, at);
  return found === undefined || isOfEarlierTopic(found, at) ? undefined : found.position;
}

/** The next offsets to read, by partition; those that were never seen are missing. */
export async function positionsOf(
  session: Queries,
  at: { topic: string; topicId: string | undefined },
): Promise<Map<number, number>> {
  const rows = await session.query<Position & { partition: number }>(
    "SELECT partition, position, topic_id FROM positions WHERE topic = $1 ORDER BY partition",
    [at.topic],
  );
  const current = rows.filter((row) => !isOfEarlierTopic(row, at));
  return new Map(current.map(({ partition, position }) => [partition, position]));
}

/**
 * In a transaction; whoever holds a batch of the partition then finds that the position has moved. Without an offset
 * the partition counts as never seen, and the group's offset counts.
 */
export async function restartAt(
  session: Queries,
  at: TopicPartition,
  { offset, group }: { offset: number | undefined; group: string },
): Promise<void> {
  const { topic, partition, topicId = null } = at;
  if (offset === undefined) {
    await session.query("DELETE FROM positions WHERE topic = $1 AND partition = $2", [topic, partition]);
    return;
  }
  const found = await find(session, at);
  if (found !== undefined && isOfEarlierTopic(found, at)) await forget(session, at);
  await session.query(
    `INSERT INTO positions (topic, partition, topic_id, position, group_name) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (topic, partition)
     DO UPDATE SET position = $4, topic_id = coalesce($3::text, positions.topic_id), moved_by = NULL, group_name = $5`,
    [topic, partition, topicId, offset, group],
  );
}

interface At {
  topic: string;
  partition: number;
  topicId?: string;
}

async function find(session: Queries, { topic, partition }: At): Promise<Position | undefined> {
  const [found] = await session.query<Position>(
    "SELECT position, topic_id, moved_by FROM positions WHERE topic = $1 AND partition = $2",
    [topic, partition],
  );
  return found;
}

/** Unknown where a broker does not give the ids of topics. */
function isOfEarlierTopic({ topic_id }: Pick<Position, "topic_id">, { topicId }: Pick<At, "topicId">): boolean {
  return topic_id !== null && topicId !== undefined && topic_id !== topicId;
}

/** The offsets of an earlier topic mean other records. */
async function forget(session: Queries, { topic, partition }: At): Promise<void> {
  await session.query("DELETE FROM positions WHERE topic = $1 AND partition = $2", [topic, partition]);
  await session.query("DELETE FROM offset_ranges WHERE topic = $1 AND partition = $2", [topic, partition]);
}
