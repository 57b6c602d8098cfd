import type { Database, Queries } from "../client/database.ts";

/** Rows counted in one look, at most; what is left is estimated and counted in the next ones. */
const MAX_COUNTED = 50_000;
/** Offsets from whose verdicts those of uncounted ones are estimated. */
const SAMPLE = 500;
/** A store of this many verdicts is counted again whenever it has come to rest. */
const SMALL = 200_000;
/** A count that took some time is not repeated for so many times as long, and at least so many milliseconds. */
const REST = 20;
const MIN_REST_MS = 5_000;

/** The next offset to read of a partition. */
export interface Position {
  topic: string;
  partition: number;
  topic_id: string | null;
  position: number;
}

/** Offsets `[from, to)` of a partition. */
interface Range {
  topic: string;
  partition: number;
  from: number;
  to: number;
}

interface Partition {
  topicId: string | null;
  /** Where the position was at the last look. */
  position: number;
  /** Rows below are counted. */
  counted: number;
  /** Rows below were there at the full count, though beyond the position: the partition was reset. */
  ahead: number;
}

/** What the verdicts come to so far. */
export interface Counts {
  accepted: number;
  rejected: Record<string, number>;
  isExact: boolean;
}

/**
 * Counts accepted and rejected orders: everything once, then what the positions have moved over, by the indices that
 * are there. After a reset, which changes verdicts that were counted, everything is counted again once it is over.
 */
export class VerdictCount {
  #accepted = 0;
  #rejected = new Map<string, number>();
  #partitions: Map<string, Partition> | undefined;
  /** Whether something may have changed that was counted already. */
  #isStale = false;
  #hasChanged = false;
  #notBefore = 0;

  /** What there is at `positions`. */
  async look(database: Database, positions: readonly Position[]): Promise<Counts> {
    if (this.#partitions === undefined) await this.#countAll(database);
    const isAtRest = this.#notice(positions);
    const total = this.#accepted + this.#rejected.values().reduce((sum, count) => sum + count, 0);
    const isDoubtful = this.#isStale || (this.#hasChanged && total < SMALL);
    if (isAtRest && isDoubtful && performance.now() > this.#notBefore) await this.#countAll(database);
    await this.#countOn(database);
    return await this.#counts(database);
  }

  /** Takes the positions over; whether none has moved. */
  #notice(positions: readonly Position[]): boolean {
    let isAtRest = true;
    const known = this.#partitions!;
    const there = new Set<string>();
    for (const { topic, partition, topic_id: topicId, position } of positions) {
      const name = `${topic}/${partition}`;
      there.add(name);
      const before = known.get(name);
      if (before === undefined) known.set(name, { topicId, position, counted: 0, ahead: 0 });
      else if (before.position !== position || before.topicId !== topicId) {
        if (position < before.position || before.topicId !== topicId || before.position < before.ahead) {
          this.#isStale = true;
          before.ahead = Math.max(before.ahead, before.counted);
        }
        Object.assign(before, { topicId, position });
      } else continue;
      isAtRest = false;
      this.#hasChanged = true;
    }
    for (const name of known.keys()) {
      if (there.has(name)) continue;
      known.delete(name); // the store was begun anew
      this.#isStale = true;
    }
    return isAtRest;
  }

  async #countAll(database: Database): Promise<void> {
    const start = performance.now();
    await database.transaction(async (session) => {
      await session.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
      const positions = await positionsIn(session);
      const accepted = await session.query<{ topic: string; partition: number; count: number; last: number }>(
        `SELECT topic, partition, count(*) AS count, max("offset") AS last FROM orders GROUP BY topic, partition`,
      );
      const rejected = await session.query<{ reason: string; count: number }>(
        "SELECT reason, count(*) AS count FROM rejected GROUP BY reason",
      );
      const lasts = new Map(accepted.map(({ topic, partition, last }) => [`${topic}/${partition}`, last]));
      this.#accepted = accepted.reduce((sum, { count }) => sum + count, 0);
      this.#rejected = new Map(rejected.map(({ reason, count }) => [reason, count]));
      this.#partitions = new Map(positions.map(({ topic, partition, topic_id: topicId, position }) => {
        const name = `${topic}/${partition}`;
        return [name, { topicId, position, counted: position, ahead: (lasts.get(name) ?? -1) + 1 }];
      }));
    });
    this.#isStale = this.#hasChanged = false;
    const took = performance.now() - start;
    this.#notBefore = performance.now() + Math.max(MIN_REST_MS, took * REST);
  }

  /** Counts what the positions have moved over, as far as it is not too much. */
  async #countOn(database: Queries): Promise<void> {
    let left = MAX_COUNTED;
    const ranges: Range[] = [];
    for (const [name, partition] of this.#partitions!) {
      partition.counted = Math.max(partition.counted, Math.min(partition.ahead, partition.position));
      const to = Math.min(partition.position, partition.counted + left);
      if (to <= partition.counted) continue;
      ranges.push({ ...placeOf(name), from: partition.counted, to });
      left -= to - partition.counted;
    }
    if (ranges.length === 0) return;
    const counted = await countIn(database, ranges);
    this.#accepted += counted.accepted;
    for (const [reason, count] of counted.rejected) this.#reject(reason, count);
    for (const { topic, partition, to } of ranges) this.#partitions!.get(`${topic}/${partition}`)!.counted = to;
  }

  /** With an estimate of what is not counted yet: it is as the latest verdicts are. */
  async #counts(database: Queries): Promise<Counts> {
    const waiting = [...this.#partitions!].filter(([, { counted, position }]) => counted < position);
    const rejected = new Map(this.#rejected);
    let accepted = this.#accepted;
    if (waiting.length > 0) {
      const share = Math.ceil(SAMPLE / waiting.length);
      const sample = waiting.map(([name, { counted, position }]) => ({
        ...placeOf(name),
        from: Math.max(counted, position - share),
        to: position,
      }));
      const seen = await countIn(database, sample);
      const uncounted = waiting.reduce((sum, [, { counted, position }]) => sum + position - counted, 0);
      const scale = uncounted / sample.reduce((sum, { from, to }) => sum + to - from, 0);
      accepted += Math.round(seen.accepted * scale);
      for (const [reason, count] of seen.rejected) {
        rejected.set(reason, (rejected.get(reason) ?? 0) + Math.round(count * scale));
      }
    }
    return { accepted, rejected: Object.fromEntries(rejected), isExact: waiting.length === 0 && !this.#isStale };
  }

  #reject(reason: string, count: number): void {
    this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + count);
  }
}

/** Where reading of each partition goes on. */
export async function positionsIn(session: Queries): Promise<Position[]> {
  return await session.query(
    "SELECT topic, partition, topic_id, position FROM positions ORDER BY topic, partition",
  );
}

/** The verdicts in some ranges, counted by the index on their place. */
async function countIn(
  session: Queries,
  ranges: readonly Range[],
): Promise<{ accepted: number; rejected: [reason: string, count: number][] }> {
  const values = [
    ranges.map(({ topic }) => topic),
    ranges.map(({ partition }) => partition),
    ranges.map(({ from }) => from),
    ranges.map(({ to }) => to),
  ];
  const given = `unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[]) AS given (topic, partition, first, after)`;
  const inRange = (table: string) =>
    `${table}.topic = given.topic AND ${table}.partition = given.partition
     AND ${table}."offset" >= given.first AND ${table}."offset" < given.after`;
  const [{ accepted }] = await session.query<{ accepted: number }>(
    `SELECT count(*) AS accepted FROM ${given} JOIN orders ON ${inRange("orders")}`,
    values,
  );
  const rejected = await session.query<{ reason: string; count: number }>(
    `SELECT reason, count(*) AS count FROM ${given} JOIN rejected ON ${inRange("rejected")} GROUP BY reason`,
    values,
  );
  return { accepted, rejected: rejected.map(({ reason, count }) => [reason, count]) };
}

/** Of `topic/partition`. */
function placeOf(name: string): { topic: string; partition: number } {
  const slash = name.lastIndexOf("/");
  return { topic: name.slice(0, slash), partition: Number(name.slice(slash + 1)) };
}
