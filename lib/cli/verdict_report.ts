import process from "node:process";
import { styleText } from "node:util";
import { countVerdict, noCounts, ordersIn, rejectedIn, summaryOf, type VerdictCounts } from "../verdict_counts.ts";
import type { Verdict, Verdicts } from "../verdicts.ts";
import { counted } from "../counted.ts";
import { shown } from "./escape.ts";
import { printJson } from "./json_lines.ts";
import { LiveLine } from "./live_line.ts";
import { countText, SEPARATOR } from "./long_work.ts";
import { print, printError } from "./print.ts";
import { Speed } from "./speed.ts";
import { canRedraw } from "./terminal.ts";

/** Verdicts per second up to which a person can read along; above that, one line per second counts them. */
const HUMAN_PACE = 20;
const SECOND_MS = 1_000;
/** On a terminal, so many slow seconds end the time in which orders are only counted. */
const SLOW_SECONDS = 3;

/**
 * Shows verdicts as they come: a line per order at human pace; at machine pace one line that is redrawn on a terminal,
 * elsewhere a line with counts per second.
 *
 * Accepted orders go to stdout, warnings about the others to stderr. `verbose` shows every order at any pace.
 */
export class VerdictReport {
  readonly #verbose: boolean;
  readonly #json: boolean;
  readonly #say: (line: string) => void;
  readonly #startedAt = performance.now();
  readonly #total = noCounts();
  /** Verdicts that were not shown, and only counted: in this second, or since orders come too fast for a terminal. */
  #hidden = noCounts();
  #secondStart = performance.now();
  /** Verdicts in this second. */
  #pace = 0;
  /** Whether the last second had more verdicts than a person can read. */
  #tooFast = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #speed = new Speed();
  #line: LiveLine | undefined;
  #slowSeconds = 0;
  #lagNow: () => number | undefined = () => undefined;

  /** With `json` stdout is kept for the total, as one object. */
  constructor(options: { verbose: boolean; json?: boolean }) {
    this.#verbose = options.verbose;
    this.#json = options.json ?? false;
    this.#say = this.#json ? printError : print;
  }

  get counts(): Readonly<VerdictCounts> {
    return this.#total;
  }

  /** Shows at machine pace, too, how many records wait; `lagNow` returns undefined while that is not known. */
  showLag(lagNow: () => number | undefined): void {
    this.#lagNow = lagNow;
  }

  show(verdicts: Verdicts): void {
    this.#turnSecond();
    for (let row = 0; row < verdicts.length; row++) {
      const outcome = verdicts.outcomes[row];
      countVerdict(this.#total, outcome);
      if (this.#isReadable()) printVerdict(verdicts.at(row), this.#say);
      else countVerdict(this.#hidden, outcome);
    }
    this.#reportLater();
  }

  showDeadLetters(deadLetters: readonly { at: { partition: number; offset: number }; reason: string }[]): void {
    for (const { at, reason } of deadLetters) this.#showDeadLetter(at, reason);
  }

  #showDeadLetter(at: { partition: number; offset: number }, reason: string): void {
    this.#turnSecond();
    this.#total.deadLettered++;
    if (this.#isReadable()) {
      complain(`dead letter  partition ${at.partition} offset ${at.offset}: ${shown(reason)}`);
    } else {
      this.#hidden.deadLettered++;
      this.#reportLater();
    }
  }

  /** Prints the pending counts and the total; a line with the counts of all has just been on the terminal. */
  finish(): void {
    if (this.#line === undefined) this.#flush();
    else this.#removeLine();
    clearTimeout(this.#timer);
    const seconds = (performance.now() - this.#startedAt) / SECOND_MS;
    const orders = ordersIn(this.#total);
    const rate = seconds > 0 ? Math.round(orders / seconds) : 0;
    if (this.#json) return printJson(summaryOf(this.#total, seconds));
    print(`${counted(orders, "order")}: ${describe(this.#total)} in ${seconds.toFixed(1)} s (${rate} orders/s)`);
  }

  #turnSecond(): void {
    if (performance.now() - this.#secondStart > SECOND_MS) this.#endSecond();
  }

  /** Whether a person can still read one more verdict in this second. */
  #isReadable(): boolean {
    this.#pace++;
    return this.#verbose || (!this.#tooFast && this.#pace <= HUMAN_PACE);
  }

  /** Verdicts that are only counted are reported within a second. */
  #reportLater(): void {
    this.#line?.refresh();
    if (ordersIn(this.#hidden) > 0) this.#timer ??= setTimeout(() => this.#endSecond(), SECOND_MS);
  }

  #endSecond(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [pace, since] = [this.#pace, this.#secondStart];
    const isFast = pace > HUMAN_PACE;
    this.#slowSeconds = isFast ? 0 : this.#slowSeconds + 1;
    this.#pace = 0;
    this.#secondStart = performance.now();
    // Else a pace about that of a person would have the line come and go.
    this.#tooFast = isFast || (this.#line !== undefined && this.#slowSeconds < SLOW_SECONDS);
    if (this.#tooFast && !this.#verbose && canRedraw()) {
      if (this.#line === undefined) {
        this.#speed = new Speed();
        this.#speed.noted(ordersIn(this.#total) - pace, since);
        this.#line = new LiveLine(() => this.#texts(), { patienceMs: 0 });
      }
      this.#reportLater();
    } else {
      this.#removeLine();
      this.#flush();
    }
  }

  #removeLine(): void {
    this.#line?.[Symbol.dispose]();
    this.#line = undefined;
  }

  /** Prints one line for all verdicts that were only counted. */
  #flush(): void {
    if (ordersIn(this.#hidden) > 0) {
      const sentence = `… ${counted(ordersIn(this.#hidden), "more order")}: ${describe(this.#hidden)}`;
      if (Object.keys(this.#hidden.rejected).length + this.#hidden.deadLettered > 0) printError(sentence);
      else this.#say(sentence);
    }
    this.#hidden = noCounts();
  }

  #texts(): string[] {
    const rate = this.#speed.noted(ordersIn(this.#total), performance.now());
    return statusTexts(this.#total, { rate, lag: this.#lagNow() });
  }
}

/** The line at machine pace, the longest first; what matters least is left out first. */
export function statusTexts(counts: VerdictCounts, { rate, lag }: { rate: number; lag: number | undefined }): string[] {
  const facts = [`${countText(rate)} orders/s`];
  if (lag !== undefined) facts.push(`lag ${countText(lag)}`);
  const start = facts.join(SEPARATOR);
  const rejected = rejectedIn(counts);
  const brief = [`${countText(counts.accepted)} accepted`];
  if (rejected > 0) brief.push(`${countText(rejected)} rejected`);
  if (counts.deadLettered > 0) brief.push(`${countText(counts.deadLettered)} dead-lettered`);
  return [`${start}${SEPARATOR}${describe(counts)}`, [start, ...brief].join(SEPARATOR), start, facts[0]];
}

function printVerdict(verdict: Verdict, say: (line: string) => void): void {
  const { order } = verdict.received;
  const what = `${shown(order.order_id)}  ${shown(order.user)}  ${order.quantity} ${shown(order.item)}`;
  switch (verdict.kind) {
    case "accepted": {
      const word = styleText("green", "accepted", { stream: process.stdout });
      return say(`${word}  ${what}  stock ${verdict.before} -> ${verdict.remaining}`);
    }
    case "rejected":
      return complain(`rejected  ${what}  ${verdict.reason}${seen(verdict)}`);
    case "redelivered": {
      const word = styleText("dim", "skipped", { stream: process.stdout });
      return say(`${word}   ${what}  accepted before`);
    }
    default:
      return verdict satisfies never;
  }
}

function seen({ status, stock }: { status?: string; stock?: number }): string {
  const values = [];
  if (status !== undefined) values.push(`user is ${shown(status)}`);
  if (stock !== undefined) values.push(`stock is ${stock}`);
  return values.length === 0 ? "" : ` (${values.join(", ")})`;
}

/** What the line is about comes first, with a gap after it. */
function complain(line: string): void {
  const [kind] = line.split("  ", 1);
  printError(styleText("yellow", kind, { stream: process.stderr }) + line.slice(kind.length));
}

function describe(counts: VerdictCounts): string {
  const reasons = Object.entries(counts.rejected).map(([reason, number]) => `${number} ${reason}`);
  const parts = [`${counts.accepted} accepted`, `${rejectedIn(counts)} rejected`];
  if (reasons.length > 0) parts[1] += ` (${reasons.join(", ")})`;
  if (counts.redelivered > 0) parts.push(`${counts.redelivered} accepted before`);
  if (counts.deadLettered > 0) parts.push(`${counts.deadLettered} dead-lettered`);
  return parts.join(", ");
}
