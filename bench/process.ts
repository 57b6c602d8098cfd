/** What is left of a process. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

export interface ProcessOptions {
  /** Kills the process when it aborts. */
  signal: AbortSignal;
  /** Told each whole line of stdout as it comes, without its line feed. */
  onLine?: (line: string) => void;
}

/** A process that is measured; dead for sure when disposed. Permission: run of the command. */
export class Process implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #ended: Promise<Ended>;

  /** Starts `command`, whose output must be piped. */
  constructor(command: Deno.Command, { signal, onLine = () => {} }: ProcessOptions) {
    signal.throwIfAborted();
    this.#child = command.spawn();
    const kill = () => this.signal("SIGKILL");
    signal.addEventListener("abort", kill);
    this.#ended = this.#collect(onLine).finally(() => signal.removeEventListener("abort", kill));
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** The end of the process, by itself or by a signal. */
  get end(): Promise<Ended> {
    return this.#ended;
  }

  /** Sends a signal; fine where it has ended. */
  signal(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch {
      // ended already
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGKILL");
    await this.#ended;
  }

  async #collect(onLine: (line: string) => void): Promise<Ended> {
    const [{ code }, stdout, stderr] = await Promise.all([
      this.#child.status,
      textOf(this.#child.stdout, onLine),
      textOf(this.#child.stderr, () => {}),
    ]);
    return { code, stdout, stderr };
  }
}

async function textOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>, onLine: (line: string) => void) {
  let text = "";
  let told = 0;
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    text += part;
    for (let end = text.indexOf("\n", told); end >= 0; end = text.indexOf("\n", told)) {
      onLine(text.slice(told, end));
      told = end + 1;
    }
  }
  return text;
}
