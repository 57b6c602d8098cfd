import { sendPaced } from "../pace.ts";
import { safeJson } from "../safe_json.ts";

/** Prints each value as a line of JSON on stdout, until there are no more, `stop` aborts or nobody reads on. */
export async function printJsonLines(
  values: Iterable<unknown> | AsyncIterable<unknown>,
  stop: AbortSignal,
): Promise<void> {
  try {
    await sendPaced(values, { pace: { delay: 0 }, stop, send: print });
  } catch (error) {
    // The reader has seen enough, as in `… | head`.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

async function print(values: readonly unknown[]): Promise<void> {
  const lines = values.map((value) => `${safeJson(value)}\n`).join("");
  for (let rest = new TextEncoder().encode(lines); rest.length > 0;) {
    rest = rest.subarray(await Deno.stdout.write(rest));
  }
}
