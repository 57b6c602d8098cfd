import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { EXIT, Failure } from "../../lib/errors.ts";

/** A process that outlives the command that started it. */
export interface ProcessRecord {
  pid: number;
  /** When it started, in the words of the system: tells it from a later process with the same id. */
  started: string;
  log: string;
}

/** How long a process may take to end by itself, in milliseconds. */
const STOP_TIMEOUT_MS = 20_000;
const POLL_MS = 50;

/** Starts `command` detached, its output appended to `log`. Permissions: run of the command, write of the log. */
export function startDetached(
  command: string,
  args: string[],
  { log, cwd }: { log: string; cwd: string },
): ProcessRecord {
  const output = openSync(log, "a");
  try {
    const child = spawn(command, args, { detached: true, stdio: ["ignore", output, output], cwd });
    child.on("error", () => {}); // seen as a process without an id
    child.unref();
    if (child.pid === undefined) throw new Failure(EXIT.config, `Cannot start ${command}: is it installed?`);
    return { pid: child.pid, started: startOf(child.pid) ?? "", log };
  } finally {
    closeSync(output);
  }
}

/** Whether exactly this process still runs. Permission: read of /proc, or run of ps where there is none. */
export function isAlive({ pid, started }: ProcessRecord): boolean {
  return startOf(pid) === started;
}

/** Ends a process by its id: asks, waits up to 20 s, then kills. */
export async function stopProcess(record: ProcessRecord): Promise<void> {
  if (!isAlive(record)) return;
  Deno.kill(record.pid, "SIGTERM");
  for (const deadline = Date.now() + STOP_TIMEOUT_MS; Date.now() < deadline;) {
    if (!isAlive(record)) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  Deno.kill(record.pid, "SIGKILL");
}

function startOf(pid: number): string | undefined {
  if (Deno.build.os !== "linux") return startByPs(pid);
  try {
    // The fields after the command's name, which may itself hold spaces: state is the 1st, start time the 20th.
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function startByPs(pid: number): string | undefined {
  const { success, stdout } = new Deno.Command("ps", { args: ["-o", "lstart=", "-p", String(pid)] }).outputSync();
  return success ? new TextDecoder().decode(stdout).trim() : undefined;
}
