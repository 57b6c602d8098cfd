import { EXIT, Failure, messageOf } from "../errors.ts";

/** Characters written at a time. */
const CHUNK = 1 << 16;
/** Aborts when output can no longer be written; its reason is the error, or {@linkcode NOBODY_READS}. */
const lost = new AbortController();
const NOBODY_READS = Symbol("nobody reads");

/**
 * Aborts when stdout or stderr can no longer be written: the reader has closed it, as in `… | head`, or the disk is
 * full.
 *
 * Printing itself never throws, so that a line about a batch cannot interrupt the batch. The command ends as it does on
 * a signal, and {@linkcode requireOutput} says why.
 */
export const outputLost: AbortSignal = lost.signal;

/** Throws the {@linkcode Failure} (74) if output was lost; a reader who closed the pipe is not a failure. */
export function requireOutput(): void {
  if (lost.signal.reason instanceof Failure) throw lost.signal.reason;
}

/** What is written in place of a line; see {@linkcode logLinesAs}. */
let logged: ((line: string) => string) | undefined;

/** Makes every line that is printed from now on a line of a log on stderr, as `entry` has it. */
export function logLinesAs(entry: ((line: string) => string) | undefined): void {
  logged = entry;
}

/** Prints a line on stdout. */
export function print(line: string): void {
  if (logged === undefined) write(Deno.stdout, `${line}\n`);
  else printEntry(logged(line));
}

/** Prints a line on stderr. */
export function printError(line: string): void {
  printEntry(logged?.(line) ?? line);
}

/** Prints an entry of the log, as it is. */
export function printEntry(entry: string): void {
  write(Deno.stderr, `${entry}\n`);
}

/** Prints a last line on stderr, even if stdout was lost; if stderr was, there is nothing left to try. */
export function printLastWords(line: string): void {
  try {
    Deno.stderr.writeSync(encode(`${line}\n`));
  } catch {
    // the exit code has to suffice
  }
}

/** Writes to stderr without a line feed, such as a step of a progress bar. */
export function draw(text: string): void {
  write(Deno.stderr, text);
}

/**
 * Prints lines on stdout as fast as the reader takes them, until there are no more, `stop` aborts or nobody reads any
 * more.
 */
export async function printLines(lines: Iterable<string> | AsyncIterable<string>, stop: AbortSignal): Promise<void> {
  let waiting = "";
  for await (const line of lines) {
    if (stop.aborted || outputLost.aborted) break;
    waiting += `${line}\n`;
    if (waiting.length < CHUNK) continue;
    await printSlowly(waiting);
    waiting = "";
  }
  await printSlowly(waiting);
}

function write(stream: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  if (outputLost.aborted) return;
  try {
    for (let rest = encode(text); rest.length > 0;) rest = rest.subarray(stream.writeSync(rest));
  } catch (error) {
    lose(stream === Deno.stdout ? "stdout" : "stderr", error);
  }
}

/** Lets signals through while a slow reader blocks the output. */
async function printSlowly(text: string): Promise<void> {
  if (outputLost.aborted) return;
  try {
    for (let rest = encode(text); rest.length > 0;) rest = rest.subarray(await Deno.stdout.write(rest));
  } catch (error) {
    lose("stdout", error);
  }
}

function lose(name: string, error: unknown): void {
  if (error instanceof Deno.errors.BrokenPipe) return lost.abort(NOBODY_READS);
  const why = messageOf(error);
  lost.abort(new Failure(EXIT.io, `Cannot write to ${name}: ${why}`, { cause: error }));
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
