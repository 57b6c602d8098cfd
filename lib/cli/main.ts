import { join, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { styleText } from "node:util";
import { EXIT, Failure } from "../errors.ts";
import { HelpShown } from "./parse.ts";
import { escapeControls } from "./escape.ts";

/** A signal delivered again within this time is the same signal: terminal and task runner both pass Ctrl-C on. */
const SAME_SIGNAL_MS = 2_000;

/**
 * Runs a command to its exit: `run` gets the arguments and a signal that aborts on the first SIGINT, SIGTERM or SIGHUP.
 *
 * `run` answers with its exit code (nothing means 0), as does one that rejects with the signal's reason. A {@linkcode Failure} becomes one line on stderr and its exit
 * code; anything else is a bug and exits 1, with its stack under `--verbose`. A second signal, later than
 * {@linkcode SAME_SIGNAL_MS}, ends the process at once with 130 or 143.
 */
export async function main(
  run: (args: readonly string[], stop: AbortSignal) => Promise<number | void>,
): Promise<never> {
  const stop = stopOnSignal();
  try {
    Deno.exit((await run(Deno.args, stop)) ?? EXIT.ok);
  } catch (error) {
    if (error instanceof HelpShown || (stop.aborted && error === stop.reason)) Deno.exit(EXIT.ok);
    console.error(`${styleText("red", "error:", { stream: process.stderr })} ${escapeControls(describe(error))}`);
    if (Deno.args.includes("--verbose") && error instanceof Error) console.error(escapeLines(traceOf(error)));
    Deno.exit(error instanceof Failure ? error.exit : EXIT.failed);
  }
}

function traceOf(error: Error): string {
  return error.cause === undefined ? `${error.stack}` : `${error.stack}\n${Deno.inspect(error.cause)}`;
}

function escapeLines(text: string): string {
  return text.split("\n").map(escapeControls).join("\n");
}

function describe(error: unknown): string {
  if (error instanceof Failure) return error.message;
  if (error instanceof Deno.errors.NotCapable) return describeRefusal(error);
  return `Unexpected ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
}

/** A permission the task does not grant: says which, and the command line that would. */
function describeRefusal(error: Error): string {
  const refused = /(read|write) access to "(.+?)"/.exec(error.message);
  if (refused === null) return error.message.replace(/, run again.*/s, "");
  const [, access, path] = refused;
  const flag = Deno.args.indexOf("--storage");
  const folder = flag < 0 ? path : Deno.args[flag + 1];
  const script = relative(join(import.meta.dirname!, "../.."), fileURLToPath(Deno.mainModule));
  const grant = `--allow-net --allow-env --allow-read=.stack,"${folder}" --allow-write="${folder}"`;
  return `No ${access} access to ${path}: this task is granted its own storage folder only. Set STORAGE_DIR, or run ` +
    `deno run ${grant} ${script} ${Deno.args.join(" ")}`;
}

function stopOnSignal(): AbortSignal {
  const controller = new AbortController();
  let firstAt = 0;
  const listen = (signal: Deno.Signal, code: number) =>
    Deno.addSignalListener(signal, () => {
      if (firstAt === 0) {
        firstAt = Date.now();
        controller.abort();
      } else if (Date.now() - firstAt > SAME_SIGNAL_MS) {
        Deno.exit(code);
      }
    });
  listen("SIGINT", 130);
  if (Deno.build.os !== "windows") {
    listen("SIGTERM", 143);
    listen("SIGHUP", 143);
  }
  return controller.signal;
}
