import { join, resolve } from "node:path";
import { object } from "@optique/core/constructs";
import { optional, withDefault } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { choice, integer, string } from "@optique/core/valueparser";
import { showProgress } from "../lib/cli/long_work.ts";
import { main } from "../lib/cli/main.ts";
import { line, parseArgs } from "../lib/cli/parse.ts";
import { print, printError } from "../lib/cli/print.ts";
import { EXIT } from "../lib/errors.ts";
import { withDatabaseStack } from "../tests/support/stack.ts";
import { CHECKOUT } from "../tools/stack/folders.ts";
import { BenchWorld } from "./bench_world.ts";
import { KafkaTools } from "./kafka_tools.ts";
import { measure } from "./measure.ts";
import { picture } from "./picture.ts";
import { report } from "./report.ts";
import type { Outcome } from "./work.ts";
import { WORKS } from "./works.ts";

const NAMES = [...new Set(WORKS.map(({ name }) => name))];
const FULL_SIZE = 1_000_000;

const parser = object({
  orders: withDefault(
    option("--orders", integer({ min: 100, max: 5_000_000, metavar: "N" }), {
      description: line("Orders of a run; the targets are for 1,000,000"),
    }),
    FULL_SIZE,
  ),
  only: optional(option("--only", choice(NAMES), { description: line("This work only") })),
  rounds: withDefault(
    option("--rounds", integer({ min: 1, metavar: "R" }), { description: line("Rounds of each work and its peer") }),
    3,
  ),
  out: withDefault(
    option("--out", string({ metavar: "FOLDER" }), { description: line("Where bench.json and bench.svg go") }),
    join(".stack", "bench"),
  ),
  strict: option("--strict", { description: line("Exit 1 if a target is missed") }),
});

/**
 * Measures each work and its peer in turn on a throw-away stack; prints a table, writes JSON and a picture.
 *
 * Returns 1 if a measurement failed, or with `--strict` if a target was missed. Permissions: those of `up`; run deno,
 * java, cat; read and write of the folder of results.
 */
export async function run(args: readonly string[], stop: AbortSignal): Promise<number> {
  const { orders, only, rounds, out, strict } = parseArgs(parser, args, {
    name: "bench",
    brief: "Measures each work against a peer on the same stack: Kafka's own tools, or itself in another case.",
    examples: ["deno task bench", "deno task bench --only consume --rounds 5", "deno task bench --orders 20000"],
  });
  const startedAt = new Date().toISOString();
  const folder = resolve(CHECKOUT, out);
  Deno.mkdirSync(folder, { recursive: true });
  const works = WORKS.filter(({ name }) => only === undefined || name === only);
  const tools = await KafkaTools.find(stop);
  // Beside the results, because temporary files may be in memory, where syncing costs nothing.
  const scratch = Deno.makeTempDirSync({ dir: folder, prefix: "scratch-" });
  const outcomes: Outcome[] = [];
  try {
    await withDatabaseStack(async (env, dataDir) => {
      const world = new BenchWorld({ env, dataDir, folder: scratch, orders, tools }, stop);
      const progress = showProgress("Benching", "steps");
      const total = works.length * (rounds + 1); // the preparation counts as one
      for (const [index, work] of works.entries()) {
        const done = index * (rounds + 1);
        progress(done, total);
        const onStep = (steps: number) => progress(done + steps, total);
        outcomes.push(await measure(work, world, { rounds, stop, note: printError, onStep }));
      }
      progress(total, total);
    });
  } catch (error) {
    if (!stop.aborted) throw error; // interrupted: show what was measured
  } finally {
    Deno.removeSync(scratch, { recursive: true });
  }
  const about = { startedAt, orders, rounds, machine: machine() };
  Deno.writeTextFileSync(
    join(folder, "bench.json"),
    JSON.stringify({ ...about, works: outcomes }, undefined, 2) + "\n",
  );
  const caption = `${orders.toLocaleString("en-US")} orders, ${rounds} ${rounds === 1 ? "round" : "rounds"}, ${
    startedAt.slice(0, 10)
  }`;
  Deno.writeTextFileSync(join(folder, "bench.svg"), picture(outcomes, caption));
  print(`${report(outcomes)}\n\nWritten to ${join(out, "bench.json")} and bench.svg`);
  return isGood(outcomes, { strict }) && !stop.aborted ? EXIT.ok : EXIT.failed;
}

function isGood(outcomes: readonly Outcome[], { strict }: { strict: boolean }): boolean {
  return outcomes.every((outcome) => "skipped" in outcome || ("result" in outcome && (outcome.result.met || !strict)));
}

/** The machine the figures come from, for the JSON file. Permission: sys. */
function machine() {
  return {
    cpus: navigator.hardwareConcurrency,
    memoryMb: Math.round(Deno.systemMemoryInfo().total / 1e6),
    os: `${Deno.build.os} ${Deno.osRelease()} ${Deno.build.arch}`,
    deno: Deno.version.deno,
  };
}

if (import.meta.main) await main(run);
