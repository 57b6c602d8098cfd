import { object } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { join, resolve } from "node:path";
import { main } from "../../lib/cli/main.ts";
import { line, parseArgs } from "../../lib/cli/parse.ts";
import { downDocker } from "./docker.ts";
import { downLocal } from "./local.ts";
import { DEFAULT_DATA_DIR, readState } from "./state.ts";

const parser = object({
  purge: option("--purge", { description: line("Delete topics, offsets and schemas too") }),
  dataDir: optional(option("--data-dir", string({ metavar: "FOLDER" }), {
    description: line("The data folder that up was given; .stack by default"),
  })),
});

export interface DownConfig {
  dataDir: string;
  purge: boolean;
}

/**
 * Stops the stack of a data folder; topics, offsets and schemas stay unless they are to be purged.
 *
 * Permissions: run (to signal its processes) and docker; read and write of the data folder; read of /proc.
 */
export async function run({ dataDir, purge }: DownConfig): Promise<void> {
  const state = readState(dataDir);
  if (state?.mode === "docker") await downDocker(purge);
  else if (state !== undefined) await downLocal(dataDir, state);
  if (purge) removeData(dataDir);
  console.log(
    state === undefined ? "No stack was started here" : `The stack is down${purge ? ", its data deleted" : ""}`,
  );
}

/** Everything but the jars, which are no data and are shared with other stacks. */
function removeData(dataDir: string): void {
  try {
    for (const { name } of Deno.readDirSync(dataDir)) {
      const isData = /^(kafka-\d|registry|cluster\.id|stack\.json|.*\.jsa\.new)/.test(name);
      if (isData) Deno.removeSync(join(dataDir, name), { recursive: true });
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function configure(args: readonly string[]): DownConfig {
  const { purge, dataDir } = parseArgs(parser, args, {
    name: "down",
    brief: "Stops the stack; topics, offsets and schemas stay.",
    examples: ["deno task down", "deno task down --purge"],
  });
  return { purge, dataDir: dataDir === undefined ? DEFAULT_DATA_DIR : resolve(dataDir) };
}

if (import.meta.main) await main((args) => run(configure(args)));
