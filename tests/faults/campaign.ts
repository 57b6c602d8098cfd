import { object } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { integer } from "@optique/core/valueparser";
import { showProgress } from "../../lib/cli/long_work.ts";
import { main } from "../../lib/cli/main.ts";
import { line, parseArgs } from "../../lib/cli/parse.ts";
import { print, printError } from "../../lib/cli/print.ts";
import { table } from "../../lib/cli/table.ts";
import { canRedraw } from "../../lib/cli/terminal.ts";
import { EXIT, Failure, messageOf } from "../../lib/errors.ts";
import type { Progress } from "../../lib/progress.ts";
import { withTestServer } from "../support/postgres.ts";
import { withStack } from "../support/stack.ts";
import { type Fault, type FaultContext, type FaultOutcome, held, seededRandom } from "./fault.ts";
import { FAULTS } from "./rows.ts";
import { Tallies, type Tally } from "./tally.ts";

const LAST_ROW = Math.max(...FAULTS.map(({ row }) => row));

const parser = object({
  row: optional(
    option("--row", integer({ min: 1, max: LAST_ROW, metavar: "N" }), { description: line("This row only") }),
  ),
  runs: optional(option("--runs", integer({ min: 1, metavar: "N" }), {
    description: line("Runs of each row; the full number of the table by default"),
  })),
  seed: optional(option("--seed", integer({ min: 0, max: 2 ** 32 - 1, metavar: "X" }), {
    description: line("Seed of the first run, to reproduce a failure with --runs 1; random by default"),
  })),
  fresh: option("--fresh", { description: line("Forget the runs of an interrupted campaign") }),
});

/**
 * Injects the faults of docs/faults.md again and again, and counts what was lost, doubled or unbalanced.
 *
 * Runs on a throw-away stack of its own and goes on where an interrupted campaign stopped. Answers 1 where anything did
 * not hold; each such run prints the command that repeats it.
 */
export async function run(args: readonly string[], stop: AbortSignal): Promise<number> {
  const options = parseArgs(parser, args, {
    name: "faults",
    brief: "Injects faults and counts what was lost, doubled or unbalanced; goes on where it was interrupted.",
    examples: [
      "deno task faults",
      "deno task faults --row 7 --runs 20",
      "deno task faults --row 1 --runs 1 --seed 4711",
    ],
  });
  const faults = FAULTS.filter(({ row }) => options.row === undefined || row === options.row);
  if (faults.length === 0) throw new Failure(EXIT.usage, `There is no fault in row ${options.row}`);
  const names = faults.map(({ name }) => name);
  // A run that is repeated for a look leaves an interrupted campaign as it is.
  const tallies = options.seed === undefined ? Tallies.load() : new Tallies();
  if (options.fresh) tallies.forget(names);
  await withServers(async (env) => {
    for (const fault of faults) {
      const wanted = options.runs ?? fault.runs.full;
      await runFault(fault, tallies.of(fault.name), { wanted, env, firstSeed: options.seed, stop });
      tallies.save();
      if (stop.aborted) break;
    }
  });
  print("\n" + report(faults, tallies));
  const complete = names.every((name) => tallies.of(name).failures.length === 0);
  if (!stop.aborted) tallies.forget(names);
  return complete ? EXIT.ok : EXIT.failed;
}

/** Brokers, the registry, and a PostgreSQL where it can be had: the rows that need it are skipped otherwise. */
async function withServers(work: (env: FaultContext["env"]) => Promise<void>): Promise<void> {
  await withTestServer((database) => {
    for (const [name, value] of Object.entries(database)) Deno.env.set(name, value);
    return withStack(work);
  });
}

async function runFault(
  fault: Fault,
  tally: Tally,
  { wanted, env, firstSeed, stop }: {
    wanted: number;
    env: FaultContext["env"];
    firstSeed: number | undefined;
    stop: AbortSignal;
  },
): Promise<void> {
  const reason = fault.skip?.();
  if (reason !== undefined) {
    tally.skipped = reason;
    return print(`${fault.row} ${fault.name}: skipped, ${reason}`);
  }
  const progress = progressOf(fault, wanted);
  progress(tally.runs, wanted);
  while (tally.runs < wanted && !stop.aborted) {
    const seed = firstSeed === undefined ? crypto.getRandomValues(new Uint32Array(1))[0] : firstSeed + tally.runs;
    const outcome = await fault.run({ seed, random: seededRandom(seed), env }).catch(brokenBy);
    tally.add(seed, outcome);
    if (!held(outcome)) {
      printError(`${fault.row} ${fault.name}: did not hold, ${JSON.stringify(outcome)}`);
      printError(`  repeat it with: deno task faults --row ${fault.row} --runs 1 --seed ${seed}`);
    }
    progress(tally.runs, wanted);
  }
}

/** A run that ends in an error, such as a missed deadline, is one that did not hold. */
function brokenBy(error: unknown): FaultOutcome {
  const broken = [messageOf(error)];
  return { lost: 0, doubled: 0, unbalanced: 0, recoveryMs: 0, broken };
}

/** On a terminal as a line, else a line for each tenth. */
function progressOf({ row, name }: Fault, wanted: number): Progress {
  if (canRedraw()) return showProgress(`${row} ${name}`, "runs");
  return (runs) => {
    if (runs > 0 && runs % Math.ceil(wanted / 10) === 0) print(`${row} ${name}: ${runs} of ${wanted}`);
  };
}

function report(faults: readonly Fault[], tallies: Tallies): string {
  const rows = faults.map(({ row, name }) => {
    const { runs, lost, doubled, unbalanced, failures, longestRecoveryMs, skipped } = tallies.of(name);
    const seconds = (longestRecoveryMs / 1_000).toFixed(1);
    return [
      row,
      name,
      runs,
      lost,
      doubled,
      unbalanced,
      failures.length,
      skipped === undefined ? `${seconds} s` : "skipped",
    ];
  });
  return table(["row", "fault", "runs", "lost", "doubled", "unbalanced", "failed", "longest recovery"], rows);
}

if (import.meta.main) await main(run);
