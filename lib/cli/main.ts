import process from "node:process";
import { styleText } from "node:util";
import { EXIT, Failure } from "../errors.ts";
import { TextShown } from "./parse.ts";
import { escapeControls } from "./escape.ts";
import { isJsonLog, logLastWords } from "./log.ts";
import { permissionDenied } from "./permission_denied.ts";
import { asCalled } from "./program.ts";
import { keepAtBottom, outputLost, print, printLastWords, requireOutput } from "./print.ts";

/** A signal repeated within this time counts as the same: terminal and task runner both pass Ctrl-C on. */
const SAME_SIGNAL_MS = 2_000;

type Command = (args: readonly string[], stop: AbortSignal) => Promise<number | void>;

/**
 * Runs a command to its exit: `run` gets the arguments and a signal that aborts on the first SIGINT, SIGTERM or SIGHUP,
 * and when output can no longer be written.
 *
 * `run` returns its exit code; undefined means 0. If it rejects with the signal's reason, it was left undone: that is
 * 1, or 0 if the only reason is that nobody reads the output any more. A {@linkcode Failure} becomes one line on stderr and its exit code;
 * anything else is a bug and exits 1. `--verbose` adds the stack. A second signal, after {@linkcode SAME_SIGNAL_MS},
 * ends the process at once with 130 or 143.
 */
export async function main(run: Command): Promise<never> {
  const stop = AbortSignal.any([stopOnSignal(), outputLost]);
  try {
    const exit = await exitOf(run, stop);
    keepAtBottom("");
    requireOutput();
    Deno.exit(exit);
  } catch (error) {
    Deno.exit(complain(error));
  }
}

async function exitOf(run: Command, stop: AbortSignal): Promise<number> {
  try {
    return await run(Deno.args, stop) ?? EXIT.ok;
  } catch (error) {
    if (error instanceof TextShown) print(error.message);
    else if (!stop.aborted || error !== stop.reason) throw error;
    else if (!outputLost.aborted) throw new Failure(EXIT.failed, "Stopped before it was done", { cause: error });
    return EXIT.ok; // or what requireOutput() throws
  }
}

/** Prints one line about what went wrong and returns the exit code. */
function complain(error: unknown): number {
  const failure = error instanceof Deno.errors.NotCapable ? permissionDenied(error) : error;
  const exit = failure instanceof Failure ? failure.exit : EXIT.failed;
  const what = asCalled(describe(failure));
  if (isJsonLog()) {
    logLastWords({ message: what, exit, ...verboseTrace(error) });
    return exit;
  }
  const lines = [`${styleText("red", "error:", { stream: process.stderr })} ${escapeControls(what)}`];
  const { stack } = verboseTrace(error);
  if (stack !== undefined) lines.push(escapeLines(stack));
  printLastWords(lines.join("\n"));
  return exit;
}

function verboseTrace(error: unknown): { stack?: string } {
  return Deno.args.includes("--verbose") && error instanceof Error ? { stack: traceOf(error) } : {};
}

function traceOf(error: Error): string {
  return error.cause === undefined ? `${error.stack}` : `${error.stack}\n${Deno.inspect(error.cause)}`;
}

function escapeLines(text: string): string {
  return text.split("\n").map(escapeControls).join("\n");
}

function describe(error: unknown): string {
  if (error instanceof Failure) return error.message;
  return `Unexpected ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
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
        keepAtBottom("");
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
