import { basename, join, resolve } from "node:path";
import { object } from "@optique/core/constructs";
import { multiple, withDefault } from "@optique/core/modifiers";
import { argument, option } from "@optique/core/primitives";
import { choice, string } from "@optique/core/valueparser";
import { escapeControls } from "../lib/cli/escape.ts";
import { env } from "../lib/cli/environment.ts";
import { main } from "../lib/cli/main.ts";
import { line, parseArgs } from "../lib/cli/parse.ts";
import { print } from "../lib/cli/print.ts";
import { type Program, PROGRAMS } from "../lib/cli/program.ts";
import { EXIT, Failure, messageOf } from "../lib/errors.ts";
import { diskFailure } from "../lib/files/disk/disk_failure.ts";
import { exists } from "../lib/files/disk/exists.ts";
import { bundle } from "./compile/bundle.ts";
import { type ExecutableSetting, makeExecutable, TARGETS } from "./compile/executable.ts";
import { packDeno, selfExtracting } from "./compile/self_extracting.ts";
import { removeTree } from "./stack/folders.ts";

const NAMES = Object.keys(PROGRAMS) as Program[];

const parser = object({
  names: multiple(argument(choice(NAMES, { metavar: "NAME" }), {
    description: line(
      "Which programs to make, all of them by default; orders has all commands but those for the stack",
    ),
  })),
  target: withDefault(
    option("--target", choice([...TARGETS], { metavar: "TRIPLE" }), { description: line("The machine it is for") }),
    Deno.build.target as (typeof TARGETS)[number],
  ),
  out: withDefault(
    option("--out", string({ metavar: "FOLDER" }), { description: line("Where the files go") }),
    "dist",
  ),
  selfExtracting: option("--self-extracting", {
    description: line("Shell scripts with this Deno inside, for machines like this one; nothing is downloaded"),
  }),
});

export interface CompileConfig extends ExecutableSetting {
  programs: readonly Program[];
  out: string;
  selfExtracting: boolean;
}

/**
 * Makes programs that run without a checkout and without Deno. Each appears under its name when it is complete.
 *
 * Permissions: run, read, write.
 */
export async function run(config: CompileConfig, stop: AbortSignal): Promise<void> {
  const { programs, out, selfExtracting: packs } = config;
  const work = workFolder(out);
  try {
    const deno = packs ? await packDeno() : undefined;
    for (const program of programs) {
      const script = await bundle(program, work, stop);
      const made = deno === undefined
        ? await makeExecutable(program, script, { ...config, stop })
        : await selfExtracting(program, script, deno);
      const path = join(out, basename(made));
      Deno.renameSync(made, path);
      const megabytes = (Deno.statSync(path).size / 1_000_000).toFixed(0);
      print(`${escapeControls(path)}  ${megabytes} MB, for ${config.target}`);
    }
  } catch (error) {
    if (stop.aborted) throw new Failure(EXIT.failed, "Stopped before all was made", { cause: error });
    if (error instanceof Failure) throw error;
    throw diskFailure(`Cannot write to ${out}`, error);
  } finally {
    removeTree(work);
  }
}

/** Within the other folder, because files are renamed from here to there. */
function workFolder(out: string): string {
  try {
    Deno.mkdirSync(out, { recursive: true });
    return Deno.makeTempDirSync({ dir: resolve(out), prefix: ".compile-" });
  } catch (cause) {
    throw new Failure(EXIT.config, `Cannot write to ${out}: ${messageOf(cause)} (--out)`, { cause });
  }
}

export function configure(args: readonly string[]): CompileConfig {
  const { names, target, out, selfExtracting } = parseArgs(parser, args, {
    name: "compile",
    brief: "Makes programs that run without a checkout and without Deno.",
    examples: [
      "deno task compile orders",
      "deno task compile consumer --target aarch64-unknown-linux-gnu",
      "deno task compile orders --self-extracting --out /tmp/programs",
    ],
  });
  if (selfExtracting && target !== Deno.build.target) {
    throw new Failure(EXIT.usage, `--self-extracting packs this Deno, for ${Deno.build.target}, not for ${target}`);
  }
  if (selfExtracting && Deno.build.os === "windows") {
    throw new Failure(EXIT.usage, "--self-extracting makes a shell script, which Windows does not run");
  }
  const denort = env("DENORT_BIN");
  if (denort === undefined) Deno.env.delete("DENORT_BIN"); // Deno takes an empty one for a file
  if (denort !== undefined && !exists(denort)) {
    throw new Failure(EXIT.config, `DENORT_BIN names ${denort}, which is not there`);
  }
  return { programs: names.length === 0 ? NAMES : [...new Set(names)], target, out, selfExtracting, denort };
}

if (import.meta.main) await main((args, stop) => run(configure(args), stop));
