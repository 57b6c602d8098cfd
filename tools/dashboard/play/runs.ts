import type { PlayRun } from "../snapshot.ts";

/** Runs that are kept, and of each the last lines; nothing grows with the hours. */
const MAX_RUNS = 20;
const MAX_LINES = 20;
const MAX_LINE = 400;

/** What was run and what it said. */
export class Runs {
  #runs: PlayRun[] = [];
  #count = 0;

  /** Newest first. */
  get latest(): readonly PlayRun[] {
    return this.#runs;
  }

  add(action: string, command: string): PlayRun {
    const run: PlayRun = { id: ++this.#count, action, command, at: Date.now(), output: [] };
    this.#runs = [run, ...this.#runs].slice(0, MAX_RUNS);
    return run;
  }

  /** Notes what `child` says and how it ends; resolves then. */
  async follow(run: PlayRun, child: Deno.ChildProcess): Promise<void> {
    await Promise.all([readInto(run, child.stdout), readInto(run, child.stderr)]);
    run.exit = (await child.status).code;
  }
}

/** Adds a line to what is shown of a run. */
export function say(run: PlayRun, line: string): void {
  run.output.push(line.slice(0, MAX_LINE));
  if (run.output.length > MAX_LINES) run.output.shift();
}

async function readInto(run: PlayRun, stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!.slice(0, MAX_LINE);
    for (const line of lines) say(run, line);
  }
  if (rest !== "") say(run, rest);
}
