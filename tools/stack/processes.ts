import { setTimeout as delay } from "node:timers/promises";
import { JAVA_ENV } from "./toolchain.ts";

/** How long a process may take to end on a signal, in milliseconds; writing a class archive takes some seconds. */
const TERMINATE_MS = 30_000;
const POLL_MS = 50;

/** Not passed on: a process that outlives its shell needs none of the shell's secrets. */
const NO_SECRETS = {
  KAFKA_SASL_PASSWORD: "",
  SCHEMA_REGISTRY_PASSWORD: "",
  SCHEMA_REGISTRY_TOKEN: "",
  DATABASE_URL: "",
};

/** A started process. A pid alone proves nothing: another process may have it by now. */
export interface ProcessRecord {
  pid: number;
  /** Its start time as the operating system prints it; only for comparing. */
  started: string;
}

export interface StartedProcess extends ProcessRecord {
  /** Resolves when the process ends. */
  ended: Promise<Deno.CommandStatus>;
}

/**
 * Starts `command` so that it outlives this process and its terminal, with output appended to `logFile`.
 *
 * Uses `sh`, like the functions below: Deno cannot pass files to a child, and without permission to run everything it
 * opens nothing in /proc and signals no process. Permission: run sh.
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

/**
 * Ends the processes with SIGTERM or SIGINT, and those that do not end in time with SIGKILL; returns whether none
 * needed that. Permission: run sh.
 */
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

/** Signals the living ones and returns them. Permission: run sh. */
export async function signal(
  name: "TERM" | "INT" | "KILL",
  records: readonly ProcessRecord[],
): Promise<ProcessRecord[]> {
  const alive = await onlyAlive(records);
  // If one ends in between, that was the aim.
  if (alive.length > 0) await shell('kill -s "$0" "$@" 2>/dev/null', [name, ...alive.map(({ pid }) => String(pid))]);
  return alive;
}

async function onlyAlive(records: readonly ProcessRecord[]): Promise<ProcessRecord[]> {
  const alive = await Promise.all(records.map(isAlive));
  return records.filter((_, index) => alive[index]);
}

/** Linux has it in /proc even without ps; other systems have ps. */
async function startTime(pid: number): Promise<string | undefined> {
  const text = await shell('cat "/proc/$0/stat" 2>/dev/null || ps -o state= -o lstart= -p "$0" 2>/dev/null', [
    `${pid}`,
  ]);
  return parseStartTime(text);
}

/**
 * The start time from a line of /proc/PID/stat or of `ps -o state=,lstart=`; undefined for an empty line and for a
 * zombie.
 */
export function parseStartTime(line: string): string | undefined {
  // The second field of /proc/PID/stat is the command in parentheses, and may itself contain blanks and parentheses.
  const afterCommand = /^\d+ \(.*\) (.*)/s.exec(line)?.[1];
  const [state, ...rest] = (afterCommand ?? line).trim().split(/\s+/);
  if (state === "" || state.startsWith("Z")) return undefined;
  return afterCommand === undefined ? rest.join(" ") : rest[18];
}

async function shell(script: string, args: readonly string[]): Promise<string> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script, ...args], stdin: "null" }).output();
  return new TextDecoder().decode(stdout);
}
