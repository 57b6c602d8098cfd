import { EXIT, Failure } from "../lib/errors.ts";
import { CHECKOUT } from "./stack/folders.ts";

/** How Deno says that a host did not answer. */
const UNREACHABLE = /error sending request for url \((.+?)\)/;

/** A URL that Deno could not fetch. */
export class Unreachable extends Failure {
  readonly url: string;

  constructor(url: string) {
    super(EXIT.unavailable, `Cannot reach ${url}`);
    this.url = url;
  }
}

/**
 * Runs one of Deno's own commands in the checkout; rejects with a {@linkcode Failure} of its last line, and with the
 * reason of `stop` when that aborts. Permission: run deno.
 */
export async function runDeno(args: readonly string[], stop: AbortSignal): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: CHECKOUT,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    signal: stop,
  }).output();
  stop.throwIfAborted();
  if (success) return;
  const said = new TextDecoder().decode(stderr);
  const url = UNREACHABLE.exec(said)?.[1];
  if (url !== undefined) throw new Unreachable(url);
  throw new Failure(EXIT.failed, `deno ${args[0]} fails: ${complaint(said)}`);
}

/** What Deno complains of, in a line: the innermost cause, which says most. */
export function complaint(said: string): string {
  const [what, causes = ""] = said.split("\n\nCaused by:\n");
  const lines = (causes.split("\n\n")[0] || what).split("\n").map((line) => line.trim()).filter(Boolean);
  return lines.at(-1)?.replace(/^(?:\d+|error): /, "") ?? "it says nothing";
}
