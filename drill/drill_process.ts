import { EXIT, Failure } from "../lib/errors.ts";
import { eachLine, startScript } from "../tools/child_script.ts";
import { lastMeaningfulLine } from "../tools/stack/service.ts";
import { until, type Wait } from "./until.ts";

/** A line that a process has printed, and when, by `performance.now()`. */
export interface PrintedLine {
  text: string;
  at: number;
}

/** A script in a process of its own, whose output is kept and not shown; killed for sure when disposed. */
export class DrillProcess implements AsyncDisposable {
  readonly lines: PrintedLine[] = [];
  readonly #name: string;
  readonly #child: Deno.ChildProcess;
  readonly #ended: Promise<Deno.CommandStatus>;
  #status: Deno.CommandStatus | undefined;

  /** Starts `deno run WORDS`. Permissions: run sh; read. */
  constructor(name: string, words: readonly string[], env: Record<string, string>) {
    this.#name = name;
    this.#child = startScript(words, env);
    const note = (text: string) => void this.lines.push({ text, at: performance.now() });
    const read = [this.#child.stdout, this.#child.stderr].map((stream) => eachLine(stream, note));
    this.#ended = Promise.all(read).then(() => this.#child.status);
    this.#ended.then((status) => this.#status = status);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** How many lines it has printed that match. */
  count(pattern: RegExp): number {
    return this.lines.filter(({ text }) => pattern.test(text)).length;
  }

  /** The newest line that matches, as the pattern sees it. */
  last(pattern: RegExp): RegExpExecArray | undefined {
    return pattern.exec(this.lines.findLast(({ text }) => pattern.test(text))?.text ?? "") ?? undefined;
  }

  /** If it has ended already, nothing happens. */
  signal(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch {
      // that it has ended is noticed by who waits for it
    }
  }

  /** Waits until `look` finds something, which it does by what the process prints or leaves behind. */
  async until<T>(what: string, look: () => T | false | Promise<T | false>, wait: Wait): Promise<T> {
    return await until(what, () => {
      if (this.#status !== undefined && this.#status.signal === null) throw this.#failure(what);
      return look();
    }, wait);
  }

  /** Waits for its end, which has to come by itself or by {@linkcode signal}; returns the exit code. */
  async end(wait: Wait): Promise<number> {
    return (await until(`the end of ${this.#name}`, () => this.#status ?? false, wait)).code;
  }

  /** Ends it as `kill` does. Throws a {@linkcode Failure} if it does not end well. */
  async stop(wait: Wait): Promise<void> {
    this.signal("SIGTERM");
    if (await this.end(wait) !== EXIT.ok) throw this.#failure("its end");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGKILL");
    await this.#ended;
  }

  #failure(before: string): Failure {
    const said = lastMeaningfulLine(this.lines.map(({ text }) => text).join("\n"));
    return new Failure(EXIT.failed, `${this.#name} ended with ${this.#status?.code} before ${before}: ${said}`);
  }
}
