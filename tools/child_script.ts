import { CHECKOUT } from "./stack/folders.ts";

/**
 * Starts `deno run WORDS` in a process of its own, its output to be read by the caller; `env` is added to this
 * process's own. Through `sh`, which the tasks of the stack may run and which execs the script: so signals reach the
 * script itself. Permissions: run sh; read.
 */
export function startScript(words: readonly string[], env: Record<string, string> = {}): Deno.ChildProcess {
  const command = [Deno.execPath(), "run", "-q", "--no-prompt", ...words];
  return new Deno.Command("sh", {
    args: ["-c", 'exec "$0" "$@"', ...command],
    cwd: CHECKOUT,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Hands each whole line of a stream to `show`, until its end. */
export async function eachLine(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  show: (line: string) => void,
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) show(line);
  }
}
