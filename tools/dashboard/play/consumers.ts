import { join } from "node:path";
import { CREDENTIAL_FILES } from "../../../lib/cli/environment.ts";
import { CHECKOUT } from "../../stack/folders.ts";
import type { PlayConsumer } from "./actions.ts";

/** Consumers that have ended and are still shown. */
const MAX_ENDED = 6;
/** How long a consumer may take to finish its batch and leave the group. */
const PATIENCE_MS = 15_000;

interface Running {
  shown: PlayConsumer;
  child: Deno.ChildProcess;
}

/**
 * The consumers that the page has started, each a process of its own: so it can be killed or frozen as an operator
 * would do it.
 */
export class Consumers {
  #all: Running[] = [];
  #count = 0;

  /** Oldest first. */
  get shown(): PlayConsumer[] {
    return this.#all.map(({ shown }) => ({ ...shown }));
  }

  /** Starts a consumer with the rights that `deno task consume` has. Permission: run deno. */
  start(args: readonly string[], storage: string): { id: string; child: Deno.ChildProcess } {
    const child = new Deno.Command(Deno.execPath(), {
      args: [...rights(storage), join(CHECKOUT, "consumer.ts"), ...args],
      cwd: CHECKOUT,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const shown: PlayConsumer = { id: `c${++this.#count}`, state: "running", pid: child.pid };
    this.#all.push({ shown, child });
    child.status.then(() => {
      shown.state = "ended";
      this.#forgetOldest();
    });
    return { id: shown.id, child };
  }

  /** Kills, freezes or continues the one with this id; false if it has ended meanwhile. */
  signal(id: string, signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): boolean {
    const found = this.#all.find(({ shown }) => shown.id === id && shown.state !== "ended");
    if (found === undefined || !send(found.child, signal)) return false;
    if (signal !== "SIGKILL") found.shown.state = signal === "SIGSTOP" ? "paused" : "running";
    return true;
  }

  /** Stops them as Ctrl-C would, frozen ones too; by force those that take too long. */
  async stop(): Promise<void> {
    const live = this.#all.filter(({ shown }) => shown.state !== "ended");
    await Promise.all(live.map(({ child }) => end(child)));
  }

  #forgetOldest(): void {
    const ended = this.#all.filter(({ shown }) => shown.state === "ended");
    const forgotten = new Set(ended.slice(0, Math.max(0, ended.length - MAX_ENDED)));
    this.#all = this.#all.filter((consumer) => !forgotten.has(consumer));
  }
}

/** Ends a process: asked to, then by force. */
export async function end(child: Deno.ChildProcess): Promise<void> {
  send(child, "SIGTERM");
  send(child, "SIGCONT"); // a frozen one gets the signal before only now
  const timer = setTimeout(() => send(child, "SIGKILL"), PATIENCE_MS);
  await child.status;
  clearTimeout(timer);
}

/** False if the process has ended. */
function send(child: Deno.ChildProcess, signal: Deno.Signal): boolean {
  try {
    child.kill(signal);
    return true;
  } catch {
    return false;
  }
}

/** Those of the task `consume`. Its own process, not the task runner's, has to get the signals. */
function rights(storage: string): string[] {
  const files = CREDENTIAL_FILES.flatMap((name) => Deno.env.get(name) || []);
  const reads = [".stack/stack.json", storage, ...files].join(",");
  return [
    "run",
    "-q",
    "--no-prompt",
    "--v8-flags=--max-semi-space-size=8",
    "-P=kafka",
    `--allow-read=${reads}`,
    `--allow-write=${storage}`,
  ];
}
