import { object } from "@optique/core/constructs";
import { main } from "../lib/cli/main.ts";
import { parseArgs } from "../lib/cli/parse.ts";
import { EXIT, Failure } from "../lib/errors.ts";
import { complaint } from "./run_deno.ts";
import { CHECKOUT } from "./stack/folders.ts";

/**
 * Shows the known vulnerabilities of the packages in deno.lock; returns 1 if there are any. Rejects with a
 * {@linkcode Failure} (69) if the registry does not say.
 *
 * Permission: run deno.
 */
export async function run(args: readonly string[], stop: AbortSignal): Promise<number> {
  parseArgs(object({}), args, {
    name: "audit",
    brief: "Asks the registry which packages in deno.lock have known vulnerabilities; fails if any has.",
    examples: ["deno task audit"],
  });
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["audit"],
    cwd: CHECKOUT,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "inherit",
    stderr: "piped",
    signal: stop,
  }).output();
  if (stop.aborted) throw new Failure(EXIT.failed, "Stopped before it had an answer", { cause: stop.reason });
  // What it found it prints on stdout: on stderr it says why it could not look.
  if (stderr.length === 0) return code === 0 ? EXIT.ok : EXIT.failed;
  const why = complaint(new TextDecoder().decode(stderr));
  throw new Failure(EXIT.unavailable, `The registry of npm does not say which vulnerabilities are known: ${why}`);
}

if (import.meta.main) await main(run);
