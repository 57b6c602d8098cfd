import { safeJson } from "../safe_json.ts";
import { printLines } from "./print.ts";

/** Prints each value as a line of JSON on stdout, until there are no more, `stop` aborts or nobody reads on. */
export async function printJsonLines(
  values: Iterable<unknown> | AsyncIterable<unknown>,
  stop: AbortSignal,
): Promise<void> {
  await printLines(asJson(values), stop);
}

async function* asJson(values: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const value of values) yield safeJson(value);
}
