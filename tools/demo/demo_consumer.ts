import { join } from "node:path";
import { CREDENTIAL_FILES } from "../../lib/cli/environment.ts";
import { print, printError } from "../../lib/cli/print.ts";
import { EXIT, Failure } from "../../lib/errors.ts";
import { eachLine, startScript } from "../child_script.ts";
import { CHECKOUT } from "../stack/folders.ts";

/** What `up` leaves for other commands. */
const STACK_FILE = ".stack/stack.json";
const SHARE = /^joined as \d+ of (\d+): (.*)$/;
const VERDICT = /^(accepted|rejected|skipped|dead letter) /;

/** A consumer in a process of its own; each line that it prints is shown with its name. */
export class DemoConsumer implements AsyncDisposable {
  readonly name: string;
  readonly #child: Deno.ChildProcess;
  readonly #ended: Promise<Deno.CommandStatus>;
  #orders = 0;
  #share: { members: number; partitions: string } | undefined;
  #lines = Promise.withResolvers<void>();

  /** Starts `consume` with `args`, and the rights that its task has. Permissions: run sh; read. */
  constructor(name: string, args: readonly string[]) {
    this.name = name;
    const reads = [STACK_FILE, ...CREDENTIAL_FILES.map((file) => Deno.env.get(file) || [])].flat().join(",");
    const rights = ["-P=kafka", `--allow-read=${reads}`];
    this.#child = startScript([...rights, join(CHECKOUT, "consumer.ts"), "--verbose", ...args]);
    const shown = [
      eachLine(this.#child.stdout, (line) => this.#note(line, print)),
      eachLine(this.#child.stderr, (line) => this.#note(line, printError)),
    ];
    this.#ended = Promise.all(shown).then(() => this.#child.status);
    this.#ended.then(() => this.#lines.resolve());
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Verdicts printed so far. */
  get orders(): number {
    return this.#orders;
  }

  /** The share it last printed; 0 members before it joined. */
  get share(): { members: number; partitions: string } {
    return this.#share ?? { members: 0, partitions: "" };
  }

  /** Resolves when it has printed more, or has ended. */
  get change(): Promise<void> {
    return this.#lines.promise;
  }

  signal(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch {
      // ended already
    }
  }

  /** Waits for its end. Throws a {@linkcode Failure} if it did not end well, unless it was killed. */
  async end(): Promise<void> {
    const { code, signal } = await this.#ended;
    if (code !== EXIT.ok && signal !== "SIGKILL") {
      throw new Failure(EXIT.failed, `Consumer ${this.name} ended with ${code}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGTERM");
    await this.#ended;
  }

  #note(line: string, show: (line: string) => void): void {
    show(`  ${this.name}  ${line}`);
    const share = SHARE.exec(line);
    if (share !== null) this.#share = { members: Number(share[1]), partitions: share[2] };
    if (VERDICT.test(line)) this.#orders++;
    this.#lines.resolve();
    this.#lines = Promise.withResolvers();
  }
}
