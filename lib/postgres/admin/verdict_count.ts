import type { SeenCounts } from "../../store_watch.ts";
import type { Database, Queries } from "../client/database.ts";
import { type Position, positionsIn, PositionSteps, type Step, type Steps } from "./position_steps.ts";

/** Offsets whose verdicts are counted in one look; of more only the latest are, and the others are taken to be alike. */
const MAX_COUNTED = 20_000;
const SAMPLE = 1_000;
/** A store of this many verdicts is counted again whenever it has come to rest. */
const SMALL = 200_000;
/** A count that took some time is not repeated for so many times as long, and at least so many milliseconds. */
const REST = 20;
const MIN_REST_MS = 5_000;

/** What the verdicts come to. */
export interface Counted extends SeenCounts {
  isExact: boolean;
  /** Those on what the positions have moved over since the last look. */
  fresh: SeenCounts;
  /** Whether `fresh` is an estimate. */
  isSampled: boolean;
  /** What they have moved over; in the first look that is everything. */
  steps: Step[];
  isFirst: boolean;
}

/**
 * Counts accepted and rejected orders: everything once, then what the positions have moved over, by the indices that
 * are there. Once the store is at rest everything is counted again, where that is cheap or where there were estimates
 * or a reset, which changes verdicts that were counted before.
 */
export class VerdictCount {
  readonly #positions = new PositionSteps();
  #total: SeenCounts | undefined;
  #isInDoubt = false;
  #hasChanged = false;
  #notBefore = 0;

  async look(database: Database): Promise<Counted> {
    const before = this.#positions.see(await positionsIn(database));
    this.#isInDoubt ||= before.isTurnedBack;
    const isFull = this.#total === undefined || (before.steps.length === 0 && this.#isWorthCounting);
    // While it counts the positions may move: what they move over is in the count already.
    const during = isFull ? this.#positions.see(await this.#countAll(database)) : NOWHERE;
    this.#isInDoubt ||= during.isTurnedBack;
    const steps = [...before.steps, ...during.steps];
    const { isSampled, ...fresh } = before.isFirst ? NOTHING : await verdictsOn(database, steps);
    if (!isFull && steps.length > 0) {
      this.#hasChanged = true;
      this.#isInDoubt ||= isSampled || steps.some(({ from, seenTo }) => from < seenTo);
      this.#add(fresh);
    }
    const { isFirst } = before;
    return { ...rounded(this.#total!), isExact: !this.#isInDoubt, fresh, isSampled, steps, isFirst };
  }

  #add({ accepted, rejected }: SeenCounts): void {
    const total = this.#total!;
    total.accepted += accepted;
    for (const [reason, count] of Object.entries(rejected)) {
      total.rejected[reason] = (total.rejected[reason] ?? 0) + count;
    }
  }

  get #isWorthCounting(): boolean {
    const { accepted, rejected } = this.#total!;
    const isSmall = accepted + Object.values(rejected).reduce((sum, count) => sum + count, 0) < SMALL;
    return (this.#isInDoubt || (this.#hasChanged && isSmall)) && performance.now() > this.#notBefore;
  }

  /** Counts everything as of one moment; the positions of that moment. */
  async #countAll(database: Database): Promise<Position[]> {
    const start = performance.now();
    const positions = await database.transaction(async (session) => {
      await session.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
      const [{ accepted }] = await session.query<{ accepted: number }>("SELECT count(*) AS accepted FROM orders");
      const rejected = await session.query<{ reason: string; count: number }>(
        "SELECT reason, count(*) AS count FROM rejected GROUP BY reason ORDER BY reason",
      );
      this.#total = { accepted, rejected: Object.fromEntries(rejected.map(({ reason, count }) => [reason, count])) };
      return await positionsIn(session);
    });
    this.#isInDoubt = this.#hasChanged = false;
    const took = performance.now() - start;
    this.#notBefore = performance.now() + Math.max(MIN_REST_MS, took * REST);
    return positions;
  }
}

const NOWHERE: Steps = { steps: [], isFirst: false, isTurnedBack: false };
const NOTHING: SeenCounts & { isSampled: boolean } = { accepted: 0, rejected: {}, isSampled: false };

/**
 * The verdicts on `steps`. What was read before a reset is not counted as accepted again: most of it is skipped, and
 * that leaves no trace.
 */
async function verdictsOn(session: Queries, steps: readonly Step[]): Promise<SeenCounts & { isSampled: boolean }> {
  if (steps.length === 0) return NOTHING;
  const all = steps.reduce((sum, { from, to }) => sum + to - from, 0);
  const share = all > MAX_COUNTED ? Math.ceil(SAMPLE / steps.length) : Infinity;
  const counted = steps.map((step) => ({ ...step, from: Math.max(step.from, step.to - share) }));
  const scale = all / counted.reduce((sum, { from, to }) => sum + to - from, 0);
  const values = [
    counted.map(({ topic }) => topic),
    counted.map(({ partition }) => partition),
    counted.map(({ from }) => from),
    counted.map(({ to }) => to),
  ];
  const fresh = counted.map(({ from, seenTo }) => Math.max(from, seenTo));
  const [{ accepted }] = await session.query<{ accepted: number }>(
    `SELECT count(*) AS accepted FROM ${GIVEN} JOIN orders ON ${inGiven("orders")}`,
    values.with(2, fresh),
  );
  const rejected = await session.query<{ reason: string; count: number }>(
    `SELECT reason, count(*) AS count FROM ${GIVEN} JOIN rejected ON ${inGiven("rejected")} GROUP BY reason`,
    values,
  );
  return {
    accepted: accepted * scale,
    rejected: Object.fromEntries(rejected.map(({ reason, count }) => [reason, count * scale])),
    isSampled: scale > 1,
  };
}

/** Ranges of offsets as a table; its parameters are topics, partitions, first offsets and those after the last. */
export const GIVEN = `unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[])
  AS given (in_topic, in_partition, first, after)`;

/** Whether a row of `table` is in one of the ranges. */
export function inGiven(table: "orders" | "rejected"): string {
  return `${table}.topic = in_topic AND ${table}.partition = in_partition
    AND ${table}."offset" >= first AND ${table}."offset" < after`;
}

function rounded({ accepted, rejected }: SeenCounts): SeenCounts {
  const counts = Object.entries(rejected).map(([reason, count]) => [reason, Math.round(count)] as const);
  return { accepted: Math.round(accepted), rejected: Object.fromEntries(counts.filter(([, count]) => count > 0)) };
}
