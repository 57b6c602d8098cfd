import { setTimeout as delay } from "node:timers/promises";
import { JAVA_ENV } from "./toolchain.ts";

/** How long a process may take to end on a signal, in milliseconds; writing a class archive takes it some seconds. */
const TERMINATE_MS = 30_000;
const POLL_MS = 50;

/** A process that outlives the shell it was started from needs none of that shell's secrets. */
const NO_SECRETS = {
  KAFKA_SASL_PASSWORD: "",
  SCHEMA_REGISTRY_PASSWORD: "",
  SCHEMA_REGISTRY_TOKEN: "",
  DATABASE_URL: "",
};

/** A process as it was started. A pid alone proves nothing: another process may have been given it since. */
export interface ProcessRecord {
  pid: number;
  /** When it was started, in the words of the operating system; only good for comparing. */
  started: string;
}

export interface StartedProcess extends ProcessRecord {
  /** Resolves when the process ends. */
  ended: Promise<Deno.CommandStatus>;
}

/**
 * Starts `command` so that it outlives this process and its terminal, its output appended to `logFile`.
 *
 * By way of `sh`, as are the functions below: Deno hands no files to a child, opens nothing in /proc and signals no
 * process without the right to run everything. Permission: run sh.
 */
export async function startDetached(
  command: readonly string[],
  options: { folder: string; logFile: string },
): Promise<StartedProcess> {
  const child = new Deno.Command("sh", {
    args: ["-c", 'exec "$@" >>"$0" 2>&1', options.logFile, ...command],
    cwd: options.folder,
    env: { ...NO_SECRETS, ...JAVA_ENV },
    detached: true,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  child.unref();
  const started = (await startTime(child.pid)) ?? "ended at once";
  return { pid: child.pid, started, ended: child.status };
}

/** Whether the recorded process still runs. Permission: run sh. */
export async function isAlive(record: ProcessRecord): Promise<boolean> {
  return (await startTime(record.pid)) === record.started;
}

/** Ends the processes by SIGTERM or SIGINT, those that do not obey by SIGKILL; answers whether all obeyed. Permission: run sh. */
export async function terminate(records: readonly ProcessRecord[], by: "TERM" | "INT" = "TERM"): Promise<boolean> {
  let alive = await signal(by, records);
  for (const deadline = Date.now() + TERMINATE_MS; alive.length > 0 && Date.now() < deadline;) {
    await delay(POLL_MS);
    alive = await onlyAlive(alive);
  }
  const obeyed = alive.length === 0;
  alive = await signal("KILL", alive);
  while (alive.length > 0) {
    await delay(POLL_MS);
    alive = await onlyAlive(alive);
  }
  return obeyed;
}

/** Signals those that are alive and returns them. */
async function signal(name: "TERM" | "INT" | "KILL", records: readonly ProcessRecord[]): Promise<ProcessRecord[]> {
  const alive = await onlyAlive(records);
  // One that ends in between is what was wanted.
  if (alive.length > 0) await shell('kill -s "$0" "$@" 2>/dev/null', [name, ...alive.map(({ pid }) => String(pid))]);
  return alive;
}

async function onlyAlive(records: readonly ProcessRecord[]): Promise<ProcessRecord[]> {
  const alive = await Promise.all(records.map(isAlive));
  return records.filter((_, index) => alive[index]);
}

/** Linux has it in /proc, even where there is no ps; others have ps. */
async function startTime(pid: number): Promise<string | undefined> {
  const text = await shell('cat "/proc/$0/stat" 2>/dev/null || ps -o state= -o lstart= -p "$0" 2>/dev/null', [
    `${pid}`,
  ]);
  return parseStartTime(text);
}

/** The start time in a line of /proc/PID/stat or of `ps -o state=,lstart=`; undefined for none and for a zombie. */
export function parseStartTime(line: string): string | undefined {
  // The second field of /proc/PID/stat is the command in parentheses, and may itself hold blanks and parentheses.
  const afterCommand = /^\d+ \(.*\) (.*)/s.exec(line)?.[1];
  const [state, ...rest] = (afterCommand ?? line).trim().split(/\s+/);
  if (state === "" || state.startsWith("Z")) return undefined;
  return afterCommand === undefined ? rest.join(" ") : rest[18];
}

async function shell(script: string, args: readonly string[]): Promise<string> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script, ...args], stdin: "null" }).output();
  return new TextDecoder().decode(stdout);
}
