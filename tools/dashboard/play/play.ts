import { EXIT, messageOf } from "../../../lib/errors.ts";
import { shellWord } from "../../../lib/shell_word.ts";
import { CHECKOUT } from "../../stack/folders.ts";
import type { Feed } from "../feed.ts";
import type { PlayAnswer, PlayRun } from "../snapshot.ts";
import { type Action, actionsFor, type PlayView, type Step } from "./actions.ts";
import { Consumers, end } from "./consumers.ts";
import { Runs, say } from "./runs.ts";

const SIGNAL_FLAGS = { SIGKILL: "-9", SIGSTOP: "-STOP", SIGCONT: "-CONT" } as const;

export interface PlaySettings {
  feed: Pick<Feed, "snapshot">;
  storage: string;
  /** The flags that the dashboard was given, for commands on the store, the topic, the group: they get the same. */
  flags: { store: readonly string[]; kafka: readonly string[]; group: readonly string[] };
}

/**
 * The buttons of the page. Each runs what a person would type, with the settings of the dashboard, and shows it.
 *
 * What is run is settled here: of a request only the name of an action is used. Permission: run deno.
 */
export class Play implements AsyncDisposable {
  /** What a request must have: only our own page can know it. */
  readonly token: string = randomToken();
  readonly #settings: PlaySettings;
  readonly #runs = new Runs();
  readonly #consumers = new Consumers();
  readonly #children = new Set<Deno.ChildProcess>();
  #isResetting = false;
  #isClosed = false;

  constructor(settings: PlaySettings) {
    this.#settings = settings;
  }

  answer(): PlayAnswer {
    return {
      actions: actionsFor(this.#view()).map(({ step, ...action }) => ({ ...action, command: this.#commandOf(step) })),
      consumers: this.#consumers.shown,
      runs: [...this.#runs.latest],
    };
  }

  /** Begins an action; or says why not. */
  press(name: string): PlayRun | { refused: string; isKnown: boolean } {
    const action = actionsFor(this.#view()).find((action) => action.name === name);
    if (action === undefined) return { refused: "There is no such action", isKnown: false };
    if (this.#isClosed) return { refused: "The dashboard is ending", isKnown: true };
    if (action.disabled !== undefined) return { refused: action.disabled, isKnown: true };
    const run = this.#runs.add(name, this.#commandOf(action.step));
    try {
      this.#begin(action, run);
    } catch (error) { // no process can be started
      say(run, messageOf(error));
      run.exit = EXIT.failed;
    }
    return run;
  }

  /** Ends everything that was started. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await Promise.all([this.#consumers.stop(), ...[...this.#children].map(end)]);
  }

  #begin({ step }: Action, run: PlayRun): void {
    switch (step.kind) {
      case "task":
        return this.#runTask(step.args, run);
      case "consumer":
        return this.#startConsumer(step.args, run);
      case "signal": {
        const isThere = step.consumer !== undefined && this.#consumers.signal(step.consumer.id, step.signal);
        if (!isThere) say(run, "It has ended by itself");
        run.exit = isThere ? EXIT.ok : EXIT.failed;
        return;
      }
      case "reset":
        return void this.#reset(step.args, run);
      default:
        return step satisfies never;
    }
  }

  #runTask(args: readonly string[], run: PlayRun): void {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["task", "-q", ...args, ...this.#flagsFor(args[0])],
      cwd: CHECKOUT,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#children.add(child);
    this.#runs.follow(run, child).finally(() => this.#children.delete(child));
  }

  #startConsumer([task, ...args]: readonly string[], run: PlayRun): void {
    const { id, child } = this.#consumers.start([...args, ...this.#flagsFor(task)], this.#settings.storage);
    say(run, `Consumer ${id} is process ${child.pid}`);
    this.#runs.follow(run, child);
  }

  async #reset(args: readonly string[], run: PlayRun): Promise<void> {
    this.#isResetting = true;
    await this.#consumers.stop();
    this.#isResetting = false;
    if (!this.#isClosed) this.#startConsumer(args, run);
  }

  #view(): PlayView {
    const { snapshot } = this.#settings.feed;
    return {
      users: snapshot?.users.users ?? [],
      items: snapshot?.stock.items ?? [],
      consumers: this.#consumers.shown,
      running: this.#children.size,
      isResetting: this.#isResetting,
    };
  }

  #commandOf(step: Step): string {
    switch (step.kind) {
      case "signal":
        return `kill ${SIGNAL_FLAGS[step.signal]} ${step.consumer?.pid ?? "PID"}`;
      case "reset": {
        const stop = step.stops.length === 0 ? "" : `kill ${step.stops.map(({ pid }) => pid).join(" ")}; `;
        return stop + this.#taskLine(step.args);
      }
      case "task":
      case "consumer":
        return this.#taskLine(step.args);
      default:
        return step satisfies never;
    }
  }

  #taskLine(args: readonly string[]): string {
    return ["deno", "task", ...args, ...this.#flagsFor(args[0])].map(shellWord).join(" ");
  }

  #flagsFor(task: string): string[] {
    const { store, kafka, group } = this.#settings.flags;
    const isOnTopic = task === "produce" || task === "consume";
    return [...store, ...(isOnTopic ? kafka : []), ...(task === "consume" ? group : [])];
  }
}

function randomToken(): string {
  return crypto.getRandomValues(new Uint8Array(32)).toHex();
}
