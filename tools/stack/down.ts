import { join, resolve } from "node:path";
import { object } from "@optique/core/constructs";
import { option } from "@optique/core/primitives";
import { main } from "../../lib/cli/main.ts";
import { line, parseArgs } from "../../lib/cli/parse.ts";
import { print } from "../../lib/cli/print.ts";
import { exists } from "../../lib/files/disk/exists.ts";
import { dataDirFlag } from "./data_dir_flag.ts";
import { hasDockerData, stopDocker } from "./docker_stack.ts";
import { DEFAULT_DATA_DIR, LOCK_FILE, removeData } from "./folders.ts";
import { stopLocal } from "./local_stack.ts";
import { withLock } from "./stack_lock.ts";
import { readState } from "./state.ts";

const parser = object({
  purge: option("--purge", { description: line("Also delete the topics, offsets, schemas and database") }),
  ...dataDirFlag,
});

/**
 * Stops the stack; its data stays unless `--purge` is given. Fine if nothing runs.
 *
 * Permissions: run sh, docker; read, write of the checkout's `.stack` and of the data folder.
 */
export async function run(args: readonly string[], stop: AbortSignal): Promise<void> {
  const options = parseArgs(parser, args, {
    name: "down",
    brief:
      "Stops Kafka, the Schema Registry and PostgreSQL. Topics, offsets, schemas and database stay for the next up.",
    examples: ["deno task down", "deno task down --purge"],
  });
  const dataDir = resolve(options.dataDir ?? DEFAULT_DATA_DIR);
  if (!exists(dataDir)) return print(`No stack in ${dataDir}`);
  await withLock(join(dataDir, LOCK_FILE), stop, async () => {
    const runsInDocker = readState(dataDir)?.mode === "docker";
    const stopped = await stopLocal(dataDir);
    if (runsInDocker || (options.purge && hasDockerData(dataDir))) {
      await stopDocker(dataDir, options);
      stopped.push("the stack in Docker");
    }
    print(stopped.length === 0 ? "Nothing was running" : `Stopped ${stopped.join(", ")}`);
    if (options.purge) {
      removeData(dataDir);
      print("Deleted its data");
    }
  });
}

if (import.meta.main) await main(run);
