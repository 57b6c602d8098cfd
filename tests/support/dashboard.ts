import assert from "node:assert/strict";
import type { PlayAnswer, PlayRun, Snapshot } from "../../tools/dashboard/snapshot.ts";
import { eventually, taskCommand } from "./commands.ts";
import { askRaw, openRaw, type RawAnswer } from "./raw_http.ts";

/** `deno task dashboard`, as a person starts it; stopped as by Ctrl-C when disposed. */
export class Dashboard implements AsyncDisposable {
  readonly port: number;
  readonly #token: string | undefined;
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess, { port, token }: { port: number; token?: string }) {
    this.#child = child;
    this.port = port;
    this.#token = token;
  }

  /** On a free port. Permissions: run deno, net. */
  static async start(args: readonly string[], env: Record<string, string>): Promise<Dashboard> {
    const child = taskCommand("dashboard", ["--port", "0", ...args], env).spawn();
    const stderr = new Response(child.stderr).text();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let said = "";
    for (let more; !said.includes("\n") && !(more = await reader.read()).done;) said += more.value;
    const port = /^Dashboard on http:\/\/127\.0\.0\.1:(\d+)\/\n$/.exec(said)?.[1];
    if (port === undefined) throw new Error(`No dashboard: ${said}${await stderr}`);
    const page = await askRaw(Number(port), "/");
    const token = /name="dashboard-token" content="(\w+)"/.exec(page.body)?.[1];
    return new Dashboard(child, { port: Number(port), token });
  }

  get address(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  async ask<T>(target: string): Promise<T> {
    const answer = await askRaw(this.port, target);
    assert.equal(answer.status, 200, `${target}: ${answer.body}`);
    return JSON.parse(answer.body);
  }

  /** Looks as a page does that is opened, until a snapshot is what is looked for. */
  async see(what: string, isIt: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
    return await eventually(what, async () => {
      const snapshot = await this.snapshot();
      return isIt(snapshot) ? snapshot : undefined;
    });
  }

  /** The first snapshot that a page gets. */
  async snapshot(): Promise<Snapshot> {
    using page = await openRaw(this.port, "/events");
    let text = "";
    for await (const more of page.readable.pipeThrough(new TextDecoderStream())) {
      const data = /^event: snapshot\ndata: (.*)$/m.exec(text += more)?.[1];
      if (data !== undefined && text.includes(`${data}\n`)) return JSON.parse(data);
    }
    throw new Error(`The stream ended: ${text}`);
  }

  async play(): Promise<PlayAnswer> {
    return await this.ask("/api/play");
  }

  async pressRaw(action: string): Promise<RawAnswer> {
    const headers = { "x-dashboard-token": this.#token ?? "", "content-type": "application/json" };
    return await askRaw(this.port, "/api/play", { method: "POST", headers, body: JSON.stringify({ action }) });
  }

  /** Presses a button. */
  async press(action: string): Promise<PlayRun> {
    const { status, body } = await this.pressRaw(action);
    assert.equal(status, 200, `${action}: ${body}`);
    return JSON.parse(body);
  }

  /** Presses a button and waits for its command to end with `exit`; what it said. */
  async pressToEnd(action: string, exit = 0): Promise<string> {
    const { id } = await this.press(action);
    return await eventually(`the end of ${action}`, async () => {
      const run = (await this.play()).runs.find((run) => run.id === id)!;
      if (run.exit === undefined) return undefined;
      assert.equal(run.exit, exit, `${run.command}: ${run.output.join("\n")}`);
      return run.output.join("\n");
    });
  }

  /** Waits for a line of the run of `action` that was begun last. */
  async said(action: string, line: RegExp): Promise<void> {
    await eventually(`${action} says ${line}`, async () => {
      const run = (await this.play()).runs.find((run) => run.action === action);
      return run?.output.some((said) => line.test(said));
    });
  }

  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** How it ended, which has to come by itself or by {@linkcode signal}. */
  get end(): Promise<Deno.CommandStatus> {
    return this.#child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGINT");
    } catch {
      // ended already
    }
    await this.#child.status;
  }
}
