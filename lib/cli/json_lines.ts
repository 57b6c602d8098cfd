import { safeJson } from "../safe_json.ts";
import { print, printLines } from "./print.ts";

/** Prints a value as a line of JSON on stdout; nothing in it can control a terminal. */
export function printJson(value: unknown): void {
  print(safeJson(value));
}

/** {@linkcode printJson} for each value, until there are no more, `stop` aborts or nobody reads any more. */
export async function printJsonLines(
  values: Iterable<unknown> | AsyncIterable<unknown>,
  stop: AbortSignal,
): Promise<void> {
  await printLines(asJson(values), stop);
}

async function* asJson(values: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const value of values) yield safeJson(value);
}
