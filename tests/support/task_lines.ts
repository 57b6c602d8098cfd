import assert from "node:assert/strict";
import { CHECKOUT } from "../../tools/stack/folders.ts";

export interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `deno task -q LINE` as a user would, on the folder `store`, or on the store that these settings name. */
export async function run(
  store: string | Readonly<Record<string, string>>,
  line: string | readonly string[],
): Promise<Output> {
  const args = typeof line === "string" ? line.split(" ") : line;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "-q", ...args],
    cwd: CHECKOUT,
    env: { ...(typeof store === "string" ? { STORAGE_DIR: store } : store), NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** What it prints where all goes well. */
export async function ok(folder: string, line: string | readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(folder, line);
  assert.deepEqual([code, stderr], [0, ""], String(line));
  return stdout;
}

/** Its one line of error, where nothing else is printed. */
export async function refused(folder: string, line: string | readonly string[], exit: number): Promise<string> {
  const { code, stdout, stderr } = await run(folder, line);
  assert.deepEqual([code, stdout], [exit, ""], `${line}: ${stderr}`);
  assert.match(stderr, /^error: .*\n$/, "one line");
  return stderr;
}

/** What a command line prints on a terminal of its own. */
export async function onTerminal(folder: string, line: string): Promise<string> {
  const { code, stdout } = await new Deno.Command("script", {
    args: ["-qec", line, "/dev/null"],
    cwd: CHECKOUT,
    env: { STORAGE_DIR: folder, NO_COLOR: "1" },
    stdin: "null",
  }).output();
  assert.equal(code, 0);
  return new TextDecoder().decode(stdout);
}
