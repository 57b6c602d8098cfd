import { setTimeout as delay } from "node:timers/promises";
import { CHECKOUT } from "../../tools/stack/folders.ts";

const POLL_MS = 5;

export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `deno task NAME ARGS` to its end, as a user would; `env` is added to the test's own. Permission: run deno. */
export async function task(name: string, args: readonly string[], env: Record<string, string>): Promise<Finished> {
  return await finished(taskCommand(name, args, env).spawn());
}

/**
 * A task that runs until it is told to stop; ended for sure when disposed. `wrapper` is a command that becomes the
 * task's, as `env` or `unshare` do. Permission: run deno, or the wrapper.
 */
export function startTask(
  name: string,
  args: readonly string[],
  env: Record<string, string>,
  wrapper: readonly string[] = [],
): RunningTask {
  return new RunningTask(taskCommand(name, args, env, wrapper).spawn());
}

export class RunningTask implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #finished: Promise<Finished>;

  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#finished = finished(child);
  }

  /** As the kernel knows it; what `/proc` has of it goes with its end. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Sends a signal, as Ctrl-C or `kill` would. */
  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** The end of the process, which has to come by itself or by {@linkcode signal}. */
  get end(): Promise<Finished> {
    return this.#finished;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // ended already
    }
    await this.#finished;
  }
}

/** Calls `look` until it answers something but false, 1% late at most, and returns that; fails after `patienceMs`. */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  patienceMs = 30_000,
): Promise<T> {
  for (const begin = performance.now(); performance.now() < begin + patienceMs;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await delay(Math.max(POLL_MS, (performance.now() - begin) / 100));
  }
  throw new Error(`Not within ${patienceMs / 1_000} s: ${what}`);
}

/** A storage folder, topic and group of a test's own, as the environment of its commands. */
export function ownWorld(): { env: Record<string, string>; storage: string } & Disposable {
  const storage = Deno.makeTempDirSync({ prefix: "orders-storage-" });
  const name = `test-${crypto.randomUUID()}`;
  return {
    env: { STORAGE_DIR: storage, ORDERS_TOPIC: name, CONSUMER_GROUP_ID: name },
    storage,
    [Symbol.dispose]: () => Deno.removeSync(storage, { recursive: true }),
  };
}

/** The ids of the accepted orders in a storage folder, as the log has them. */
export function acceptedIn(storage: string): string[] {
  const lines = Deno.readTextFileSync(`${storage}/orders.jsonl`).split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line).order_id);
}

/**
 * A task's own command line in deno.json as words: the flags that grant it its permissions, then its script. Deno's task
 * shell puts in what `env` names, as it does for the task. Permission: run deno.
 */
export function taskWords(name: string, env: Record<string, string>): string[] {
  const { tasks } = JSON.parse(Deno.readTextFileSync(`${CHECKOUT}/deno.json`));
  const line: string = tasks[name].command;
  const last = line.lastIndexOf("deno run");
  const shown = `${line.slice(0, last)}deno run -q tests/support/show_args.ts ${line.slice(last + "deno ".length)}`;
  const { stdout, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["task", "-q", "--eval", shown],
    cwd: CHECKOUT,
    env,
  }).outputSync();
  if (stdout.length === 0) throw new Error(`deno task ${name} does not start: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** The script of a task in one process, without the task runner around it: a signal reaches the script itself. */
export function taskCommand(
  name: string,
  args: readonly string[],
  env: Record<string, string>,
  wrapper: readonly string[] = [],
): Deno.Command {
  const [program, ...rest] = [...wrapper, Deno.execPath(), ...taskWords(name, env), ...args];
  return new Deno.Command(program, {
    args: rest,
    cwd: CHECKOUT,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

async function finished(child: Deno.ChildProcess): Promise<Finished> {
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}
