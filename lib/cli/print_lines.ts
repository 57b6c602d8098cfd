/** Characters printed in one go. */
const CHUNK = 1 << 16;

/** Prints lines on stdout as fast as they are taken, until there are no more, `stop` aborts or nobody reads on. */
export async function printLines(lines: Iterable<string> | AsyncIterable<string>, stop: AbortSignal): Promise<void> {
  let waiting = "";
  for await (const line of lines) {
    if (stop.aborted) break;
    waiting += `${line}\n`;
    if (waiting.length < CHUNK) continue;
    if (!await print(waiting)) return;
    waiting = "";
  }
  await print(waiting);
}

/** False where the reader has seen enough, as in `… | head`. */
async function print(text: string): Promise<boolean> {
  try {
    for (let rest = new TextEncoder().encode(text); rest.length > 0;) {
      rest = rest.subarray(await Deno.stdout.write(rest));
    }
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return false;
    throw error;
  }
}
