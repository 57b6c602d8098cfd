import { dirname } from "node:path";
import { eventually } from "../commands.ts";

/** A network, processes and a /proc of its own: any port is free, and `pkill` reaches only what was started in it. */
const NAMESPACES = ["unshare", "--map-root-user", "--net", "--pid", "--fork", "--mount-proc"];
const ENTER = ["--user", "--net", "--pid", "--mount", "--preserve-credentials"];
/**
 * Ends with whoever holds its stdin, and all others with it. It also takes in the processes whose parents have ended, or
 * `down` would wait for them.
 */
const INIT = "exec 3<&0; cat <&3 & ip link set lo up && echo up; while kill -0 $! 2>/dev/null; do sleep 0.1; done";
/** Settings of the tests' own stack and stores. */
const OF_THE_TESTS =
  /^(KAFKA_|SCHEMA_REGISTRY_|DATABASE_|TEST_DATABASE_|ORDERS_TOPIC$|CONSUMER_GROUP_ID$|STORAGE_DIR$)/;
/** What Deno prints before it runs a task. */
const TASK_LINE = /^Task \S+ /;
const PATIENCE_MS = 90_000;

/** Whether this machine allows one. Permission: run unshare. */
export async function hasPrivateMachines(): Promise<boolean> {
  try {
    const [program, ...args] = [...NAMESPACES, "sh", "-c", "ip link set lo up"];
    return (await new Deno.Command(program, { args }).output()).success;
  } catch {
    return false;
  }
}

/** Namespaces with this machine's files; all that runs in them ends when it is disposed. */
export class PrivateMachine implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  /** Its first process, as this machine numbers it. */
  readonly #init: string;
  readonly #shells: Shell[] = [];

  private constructor(child: Deno.ChildProcess, init: string) {
    this.#child = child;
    this.#init = init;
  }

  static async start(): Promise<PrivateMachine> {
    const [program, ...args] = [...NAMESPACES, "sh", "-c", INIT];
    const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped", stderr: "null" }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    // Deno itself reads /proc only with every permission.
    const children = new Deno.Command("cat", { args: [`/proc/${child.pid}/task/${child.pid}/children`] });
    return new PrivateMachine(child, new TextDecoder().decode(children.outputSync().stdout).trim());
  }

  /** A shell in `folder`, as a terminal has one. */
  async shell(folder: string): Promise<Shell> {
    const env = Object.entries(Deno.env.toObject()).filter(([name]) => !OF_THE_TESTS.test(name));
    const PATH = `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}`;
    const [program, ...args] = [...this.#inside, `--wd=${folder}`, "setsid", "sh"];
    const child = new Deno.Command(program, {
      args,
      clearEnv: true,
      env: { ...Object.fromEntries(env), PATH, NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const shell = new Shell(child, async (group) => {
      const [program, ...args] = [...this.#inside, "sh", "-c", `kill -s INT -- -${group}`];
      await new Deno.Command(program, { args }).output();
    });
    this.#shells.push(shell);
    await shell.start(); // its command takes the signals of Ctrl-C, not the shell itself
    return shell;
  }

  /** Puts a command into it. */
  get #inside(): string[] {
    return ["nsenter", "--target", this.#init, ...ENTER];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    Deno.kill(Number(this.#init), "SIGKILL"); // the kernel ends the others with it
    await this.#child.stdin.close();
    await this.#child.status;
    await Promise.all(this.#shells.map((shell) => shell.ended));
  }
}

/** A shell that is given one command after the other, and what each prints. */
export class Shell {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #interrupt: (group: string) => Promise<void>;
  /** Printed when a command has ended, before its exit code. */
  readonly #mark = `ended-${crypto.randomUUID()}`;
  /** When the shell itself has ended. */
  readonly ended: Promise<void>;
  /** Its process group, with that of all its commands. */
  #group = "";
  #line = "";
  #text = "";
  #seen = 0;

  constructor(child: Deno.ChildProcess, interrupt: (group: string) => Promise<void>) {
    this.#interrupt = interrupt;
    this.#writer = child.stdin.getWriter();
    this.ended = this.#read(child);
  }

  async start(): Promise<void> {
    this.run("trap : INT; echo $$");
    await this.end("the shell");
    this.#group = this.printed[0];
  }

  /** The command run last. */
  get line(): string {
    return this.#line;
  }

  /** Starts a command; {@linkcode end} waits for its end. */
  run(line: string): void {
    this.#line = line;
    this.#text = "";
    this.#seen = 0;
    const text = `{ ${line}\n} </dev/null 2>&1\nprintf '\\n%s\\n' "${this.#mark} $?"\n`;
    this.#writer.write(new TextEncoder().encode(text)).catch(() => {}); // it has ended with the machine
  }

  get isBusy(): boolean {
    return this.#code === undefined;
  }

  /** The whole lines that the command has printed so far. */
  get printed(): string[] {
    const lines = this.#text.split("\n").slice(0, -1);
    return lines.filter((line) => !line.startsWith(this.#mark) && !TASK_LINE.test(line));
  }

  /** Those after the last call of {@linkcode seen}. */
  get printedSince(): string[] {
    return this.printed.slice(this.#seen);
  }

  /** So many more lines have been compared. */
  seen(lines: number): void {
    this.#seen += lines;
  }

  /** The exit code of the command, once it has ended. */
  async end(what: string): Promise<number> {
    return await eventually(`${what} has ended`, () => this.#code, PATIENCE_MS).catch((error) => {
      throw new Error(`${error.message}; so far:\n${this.printed.join("\n")}`);
    });
  }

  /** Ctrl-C: a signal to the command and all that it has started, as a terminal sends it. */
  async interrupt(): Promise<void> {
    await this.#interrupt(this.#group);
  }

  get #code(): number | undefined {
    const code = new RegExp(`${this.#mark} (\\d+)\n`).exec(this.#text)?.[1];
    return code === undefined ? undefined : Number(code);
  }

  async #read(child: Deno.ChildProcess): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of child.stdout) this.#text += decoder.decode(bytes, { stream: true });
    await child.status;
  }
}
