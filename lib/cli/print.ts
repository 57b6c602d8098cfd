import stringWidth from "string-width";
import { EXIT, Failure, messageOf } from "../errors.ts";
import { asCalled } from "./program.ts";
import { fitted, terminalColumns } from "./terminal.ts";

type Stream = typeof Deno.stdout | typeof Deno.stderr;

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

/** Prints a line for a person on stderr; in a program it names commands as they are called there. */
export function printError(line: string): void {
  const text = asCalled(line);
  printEntry(logged?.(text) ?? text);
}

/** Prints an entry of the log, as it is. */
export function printEntry(entry: string): void {
  write(Deno.stderr, `${entry}\n`);
}

/** Prints a last line on stderr, even if stdout was lost; if stderr was, there is nothing left to try. */
export function printLastWords(line: string): void {
  try {
    Deno.stderr.writeSync(encode(`${erased()}${line}\n`));
  } catch {
    // the exit code has to suffice
  }
}

/**
 * Keeps `text` as the last line of the terminal, in place of the text before; an empty one removes it. Whatever is
 * printed meanwhile appears above it. Only for a stderr that is a terminal; a log has no such line.
 */
export function keepAtBottom(text: string): void {
  if (logged !== undefined) return;
  writeAll(Deno.stderr, erased() + drawn(text));
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

/** The text at the bottom, and how many columns it takes. */
let bottom = "";
let bottomWidth = 0;

/** What draws a text at the bottom, cut to the width of the terminal. */
function drawn(text: string): string {
  bottom = fitted([text], terminalColumns() - 1);
  bottomWidth = stringWidth(bottom);
  return bottom;
}

/** What erases the text at the bottom, which the terminal has wrapped if it has become narrower. */
function erased(): string {
  if (bottomWidth === 0) return "";
  const rows = Math.floor((bottomWidth - 1) / terminalColumns());
  bottomWidth = 0;
  return `\r${rows > 0 ? `\x1b[${rows}A` : ""}\x1b[J`;
}

function write(stream: Stream, text: string): void {
  if (bottom === "") return writeAll(stream, text);
  writeAll(Deno.stderr, erased());
  writeAll(stream, text);
  writeAll(Deno.stderr, drawn(bottom));
}

function writeAll(stream: Stream, text: string): void {
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
  if (bottom !== "") keepAtBottom("");
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
