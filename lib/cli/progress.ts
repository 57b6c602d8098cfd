import process from "node:process";
import { styleText } from "node:util";
import type { PaceSetting } from "../pace.ts";
import { durationText } from "./duration_text.ts";
import { escapeControls } from "./escape.ts";
import { printJson } from "./json_lines.ts";
import { LiveLine } from "./live_line.ts";
import { countText, progressTexts, rateText, SEPARATOR } from "./long_work.ts";
import { print, printError } from "./print.ts";
import { Speed } from "./speed.ts";
import { canRedraw } from "./terminal.ts";

/** Orders, or orders per second, up to which a person can read a line for each. */
const HUMAN_PACE = 20;
const SECOND_MS = 1_000;

export interface SendReportOptions<T> {
  pace: PaceSetting;
  /** Orders to be sent in total, if known. */
  total?: number;
  /** How long the whole takes at this pace, if known. */
  seconds?: number;
  /** Keeps stdout free for one JSON object; everything else goes to stderr. */
  json: boolean;
  /** A line for each order at any pace. */
  verbose: boolean;
  /** One line about one order, without control characters. */
  describe(order: T): string;
}

/** Shows what has been sent: a line per order at human pace, else one line on a terminal or a line per second. */
export class SendReport<T> {
  readonly #options: SendReportOptions<T>;
  readonly #say: (line: string) => void;
  readonly #startedAt = performance.now();
  readonly #eachOrder: boolean;
  readonly #speed = new Speed();
  #line: LiveLine | undefined;
  #sent = 0;
  #lastLineAt = performance.now();

  constructor(options: SendReportOptions<T>) {
    const { total, json, verbose, pace } = options;
    this.#options = options;
    this.#say = json ? printError : print;
    this.#eachOrder = verbose || isHumanPace(pace) || (total !== undefined && total <= HUMAN_PACE);
    if (!this.#eachOrder && canRedraw()) {
      this.#speed.noted(0, this.#startedAt);
      this.#line = new LiveLine(() => this.#texts());
    }
  }

  /** Orders acknowledged so far. */
  get count(): number {
    return this.#sent;
  }

  /** Prints a note about the whole run, such as its seed. */
  note(sentence: string): void {
    this.#say(escapeControls(sentence));
  }

  /** Counts orders that are acknowledged. */
  sent(orders: readonly T[]): void {
    this.#sent += orders.length;
    if (this.#eachOrder) {
      for (const order of orders) this.#say(escapeControls(this.#options.describe(order)));
    } else if (this.#line !== undefined) {
      this.#line.refresh();
    } else if (performance.now() - this.#lastLineAt >= SECOND_MS) {
      this.#lastLineAt = performance.now();
      const left = this.#secondsLeft();
      const rest = left === undefined ? "" : ` of ${this.#options.total}, ${durationText(left)} left`;
      this.#say(`${this.#sent} sent${rest}`);
    }
  }

  /** By the plan, else as fast as so far. */
  #secondsLeft(): number | undefined {
    const { total, seconds } = this.#options;
    if (total === undefined) return undefined;
    const passed = (performance.now() - this.#startedAt) / SECOND_MS;
    return Math.max(0, seconds === undefined ? passed / this.#sent * (total - this.#sent) : seconds - passed);
  }

  /** Prints the total with `facts`: as fields in JSON, else as a sentence after it. */
  finish(facts: Record<string, unknown>, sentence = ""): void {
    this.#line?.[Symbol.dispose]();
    const seconds = (performance.now() - this.#startedAt) / SECOND_MS;
    const rate = this.#sent / seconds;
    if (this.#options.json) {
      printJson({ sent: this.#sent, seconds: round(seconds), orders_per_second: round(rate), ...facts });
    } else {
      const total = styleText("bold", `${this.#sent} sent`, { stream: process.stdout });
      print(`${total} in ${seconds.toFixed(1)} s (${round(rate)} orders/s)${escapeControls(sentence)}`);
    }
  }

  #texts(): string[] {
    const { total } = this.#options;
    const rate = this.#speed.noted(this.#sent, performance.now());
    if (total !== undefined) return progressTexts({ what: "Sent", unit: "orders", done: this.#sent, total, rate });
    const sent = `Sent ${countText(this.#sent)}`;
    return [[sent, rateText(rate, "orders") ?? []].flat().join(SEPARATOR), sent];
  }
}

function isHumanPace({ delay = 0, rate, burst, speed }: PaceSetting): boolean {
  if (speed !== undefined) return false;
  if (burst !== undefined) return burst.size <= HUMAN_PACE && burst.size / burst.every <= HUMAN_PACE;
  return (rate ?? 1 / delay) <= HUMAN_PACE;
}

function round(value: number): number {
  return Number(value.toFixed(value < 100 ? 2 : 0));
}
