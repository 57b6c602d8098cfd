import type { Verdict } from "../../lib/verdicts.ts";
import { type OrderBatch, PositionMoved } from "../../lib/ports.ts";
import type { PostgresStore } from "../../lib/postgres/store/postgres_store.ts";
import { withoutPostgres } from "../support/postgres.ts";
import { TestDatabase } from "../support/postgres_database.ts";
import { watchStatements } from "../support/statements.ts";
import { batchOf, order, outcomes, partitionOf, process } from "../support/storage.ts";
import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";
import { outcomeOf } from "./postgres_members.ts";

/**
 * A member is frozen with a batch in hand: before its transaction, or between its decision and COMMIT until the server
 * has ended its transaction. Its partition moves on, and what it sends when it wakes has no effect.
 */
export async function runFrozen({ random }: FaultContext): Promise<FaultOutcome> {
  await using database = await TestDatabase.create({ items: { book: 6, pen: 50 } });
  const [frozen, other] = await Promise.all([database.open(), database.open()]);
  const [first, second] = [0, 5].map((from) =>
    batchOf(Array.from({ length: 5 }, (_, index) => order({ order_id: `o-${from + index}` })), { from })
  );
  const broken: string[] = [];
  const isInTransaction = random() < 0.5;
  if (isInTransaction) await whileFrozenAtCommit(database, frozen, first, () => takeBoth(other, first, second), broken);
  else {
    await takeBoth(other, first, second);
    await expectMoved(process(frozen, first), broken);
  }
  const position = await other.resumeAt(partitionOf(0));
  if (position !== 10) broken.push(`the position is ${position}`);
  const accepted = await database.accepted();
  if (accepted.length !== 6) broken.push(`${accepted.length} accepted of 6 in stock`);
  return await outcomeOf(database, broken);
}

async function takeBoth(store: PostgresStore, first: OrderBatch, second: OrderBatch): Promise<void> {
  await process(store, first);
  await process(store, second);
}

async function whileFrozenAtCommit(
  database: TestDatabase,
  store: PostgresStore,
  batch: OrderBatch,
  meanwhile: () => Promise<void>,
  broken: string[],
): Promise<void> {
  const [reached, thaw] = [Promise.withResolvers<number>(), Promise.withResolvers<void>()];
  let isFirst = true;
  await watchStatements(async ({ text, backend }, send) => {
    if (text !== "COMMIT" || !isFirst) return await send();
    isFirst = false;
    reached.resolve(backend);
    await thaw.promise;
    return await send();
  }, async () => {
    const verdicts = process(store, batch);
    const moved = expectMoved(verdicts, broken);
    const backend = await reached.promise;
    // What idle_in_transaction_session_timeout does.
    await database.sql("SELECT pg_terminate_backend($1)", [backend]);
    await meanwhile();
    thaw.resolve();
    await moved;
  });
}

async function expectMoved(verdicts: Promise<Verdict[]>, broken: string[]): Promise<void> {
  await verdicts.then(
    (found) => void broken.push(`the frozen member's batch took effect: ${outcomes(found)}`),
    (error) => {
      if (!(error instanceof PositionMoved)) broken.push(`the frozen member met ${error}`);
    },
  );
}

export const memberFrozen: Fault = {
  row: 28,
  name: "a member frozen with a batch in hand while its partition moves on",
  runs: { full: 50, sample: 2 },
  skip: withoutPostgres,
  run: runFrozen,
};
