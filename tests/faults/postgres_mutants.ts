import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { withoutPostgres } from "../support/postgres.ts";
import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";
import { type Mutant, NOTHING, type Row, runMutants } from "./mutant.ts";

/** A row of the mutant's own copy: it runs in this process. */
function rowOf(file: string, name: string): Row {
  return async (context: FaultContext, root: string): Promise<FaultOutcome> => {
    const module = await import(pathToFileURL(join(root, "tests/faults", file)).href);
    return await module[name](context).catch((error: Error) => ({ ...NOTHING, broken: [error.message] }));
  };
}

const everyStatement = rowOf("postgres_statements.ts", "runEveryStatement");
const members = rowOf("postgres_members.ts", "runMembers");
const frozen = rowOf("postgres_frozen.ts", "runFrozen");
const sameId = rowOf("postgres_members.ts", "runSameId");
const crossed = rowOf("postgres_members.ts", "runCrossed");

export const POSTGRES_MUTANTS: readonly Mutant[] = [
  {
    name: "no fence",
    file: "lib/postgres/store/positions.ts",
    from: "AND position = $4",
    to: "AND $4::bigint >= 0",
    rows: [frozen],
  },
  {
    name: "an earlier position is as good",
    file: "lib/postgres/store/positions.ts",
    from: "AND position = $4",
    to: "AND position >= $4",
    rows: [frozen],
  },
  {
    name: "order_id is not unique",
    file: "lib/postgres/migrations/0001_tables.sql",
    from: 'order_id text COLLATE "C" PRIMARY KEY',
    to: 'order_id text COLLATE "C" NOT NULL',
    rows: [sameId],
  },
  {
    name: "no retry",
    file: "lib/postgres/client/retry.ts",
    from: "const MAX_TRIES = 10;",
    to: "const MAX_TRIES = 1;",
    rows: [sameId, everyStatement],
  },
  {
    name: "items locked as they come",
    file: "lib/postgres/store/read_view.ts",
    from: "ORDER BY item FOR UPDATE",
    to: "ORDER BY array_position($1::text[], item) FOR UPDATE",
    rows: [crossed],
  },
  {
    name: "items not locked",
    file: "lib/postgres/store/read_view.ts",
    from: "ORDER BY item FOR UPDATE",
    to: "ORDER BY item",
    rows: [members, crossed],
  },
  {
    name: "orders inserted as they come",
    file: "lib/postgres/store/write_verdicts.ts",
    from: "ORDER BY given.order_id",
    to: "",
    rows: [crossed],
  },
  {
    name: "ids never asked for",
    file: "lib/postgres/store/postgres_store.ts",
    from: "isNew && tries === 1",
    to: "true",
    rows: [everyStatement],
    chances: 1,
  },
  {
    name: "ids of rejected orders not asked for",
    file: "lib/postgres/store/postgres_store.ts",
    from: "if ((await readAccepted(session, ofRejected)).size === 0) return verdicts;",
    to: "if (ofRejected.length >= 0) return verdicts;",
    rows: [everyStatement],
    chances: 1,
  },
  {
    name: "a COMMIT without an answer taken for another member's",
    file: "lib/postgres/store/positions.ts",
    from: 'if (found?.moved_by === attempt) return "moved before";',
    to: "",
    rows: [everyStatement],
    chances: 1,
  },
  {
    name: "rejections of an earlier reading kept",
    file: "lib/postgres/store/write_verdicts.ts",
    from: "DELETE FROM rejected WHERE",
    to: "DELETE FROM rejected WHERE false AND",
    rows: [everyStatement],
    chances: 1,
  },
  {
    name: "the ranges of an earlier topic kept",
    file: "lib/postgres/store/positions.ts",
    from: 'await session.query("DELETE FROM offset_ranges WHERE topic = $1 AND partition = $2", [topic, partition]);',
    to: "",
    rows: [everyStatement],
    chances: 1,
  },
];

export const POSTGRES_MUTANT_FAULTS: readonly Fault[] = [{
  row: 34,
  name: "mutants of the PostgreSQL store are noticed",
  // The sample is in postgres_mutants_test.ts.
  runs: { full: 1, sample: 0 },
  skip: withoutPostgres,
  run: (context) => runMutants(POSTGRES_MUTANTS, context),
}];
