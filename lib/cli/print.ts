import { EXIT, Failure, messageOf } from "../errors.ts";

/** Characters printed in one go. */
const CHUNK = 1 << 16;
/** Aborts when output gets nowhere any more; its reason is the fault, or {@linkcode NOBODY_READS}. */
const lost = new AbortController();
const NOBODY_READS = Symbol("nobody reads");

/**
 * Aborts when stdout or stderr takes nothing any more: the reader has seen enough, as in `… | head`, or the disk is full.
 *
 * No call that prints ever throws for it, for a batch in hand is not to be torn by a line about it; the command ends as
 * it does on a signal, and {@linkcode requireOutput} says why.
 */
export const outputLost: AbortSignal = lost.signal;

/** Throws the {@linkcode Failure} (74) of an output that is lost; a reader who has seen enough is none. */
export function requireOutput(): void {
  if (lost.signal.reason instanceof Failure) throw lost.signal.reason;
}

/** Prints a line on stdout. */
export function print(line: string): void {
  write(Deno.stdout, `${line}\n`);
}

/** Prints a line on stderr. */
export function printError(line: string): void {
  write(Deno.stderr, `${line}\n`);
}

/** Prints a last line on stderr, also where stdout was lost; where stderr was, nothing is left to try. */
export function printLastWords(line: string): void {
  try {
    Deno.stderr.writeSync(encode(`${line}\n`));
  } catch {
    // the exit code has to do
  }
}

/** Prints on stderr what is no line, such as a step of a progress bar. */
export function draw(text: string): void {
  write(Deno.stderr, text);
}

/** Prints lines on stdout as fast as they are taken, until there are no more, `stop` aborts or nobody reads on. */
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

/** Leaves a signal its turn while a slow reader holds the output up. */
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
