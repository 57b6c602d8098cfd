import type { KnownVerdicts } from "../../offset_changes.ts";
import type { OffsetRange } from "../../offset_ranges.ts";
import type { Queries } from "../client/database.ts";

/** What the store knows about the records in one range of each partition of `topic`; counted in the indexes. */
export async function verdictsIn(
  session: Queries,
  topic: string,
  ranges: ReadonlyMap<number, OffsetRange>,
): Promise<Map<number, KnownVerdicts>> {
  const wanted = [...ranges];
  const rows = await session.query<KnownVerdicts & { partition: number }>(
    `SELECT wanted.partition,
       (SELECT count(*) FROM orders WHERE orders.topic = $1 AND orders.partition = wanted.partition
          AND orders."offset" >= wanted.low AND orders."offset" < wanted.high) AS accepted,
       (SELECT count(*) FROM rejected WHERE rejected.topic = $1 AND rejected.partition = wanted.partition
          AND rejected."offset" >= wanted.low AND rejected."offset" < wanted.high) AS rejected,
       (SELECT coalesce(sum(least(to_offset, wanted.high) - greatest(from_offset, wanted.low)), 0)::bigint
          FROM offset_ranges AS ranges WHERE ranges.topic = $1 AND ranges.partition = wanted.partition
          AND from_offset < wanted.high AND to_offset > wanted.low) AS read
     FROM unnest($2::int[], $3::bigint[], $4::bigint[]) AS wanted (partition, low, high)`,
    [topic, wanted.map(([partition]) => partition), ...bounds(wanted)],
  );
  return new Map(rows.map(({ partition, ...count }) => [partition, count]));
}

function bounds(wanted: readonly [number, OffsetRange][]): [number[], number[]] {
  return [wanted.map(([, { from }]) => from), wanted.map(([, { to }]) => to)];
}
