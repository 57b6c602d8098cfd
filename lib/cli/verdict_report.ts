import process from "node:process";
import { styleText } from "node:util";
import type { Verdict } from "../judge_batch.ts";
import { countVerdict, noCounts, ordersIn, rejectedIn, type VerdictCounts } from "../verdict_counts.ts";
import { shown } from "./escape.ts";
import { print, printError } from "./print.ts";

/** Verdicts per second up to which a person can read along; above that, one line per second counts them. */
const HUMAN_PACE = 20;
const SECOND_MS = 1_000;

/**
 * Shows verdicts as they come: a line per order at human pace, a line with counts per second at machine pace.
 *
 * Accepted orders go to stdout, warnings about the others to stderr. `verbose` shows every order at any pace.
 */
export class VerdictReport {
  readonly #verbose: boolean;
  readonly #startedAt = performance.now();
  readonly #total = noCounts();
  #second = noCounts();
  #secondStart = performance.now();
  /** Verdicts in this second. */
  #pace = 0;
  /** Whether the last second had more verdicts than a person can read. */
  #tooFast = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: { verbose: boolean }) {
    this.#verbose = options.verbose;
  }

  get counts(): Readonly<VerdictCounts> {
    return this.#total;
  }

  show(verdicts: readonly Verdict[]): void {
    this.#turnSecond();
    for (const verdict of verdicts) {
      countVerdict(this.#total, verdict);
      if (this.#isReadable()) printVerdict(verdict);
      else countVerdict(this.#second, verdict);
    }
    this.#flushLater();
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
      this.#second.deadLettered++;
      this.#flushLater();
    }
  }

  /** Prints the pending counts and the total. */
  finish(): void {
    this.#flush();
    const seconds = (performance.now() - this.#startedAt) / SECOND_MS;
    const orders = ordersIn(this.#total);
    const rate = seconds > 0 ? Math.round(orders / seconds) : 0;
    print(`${orders} orders: ${describe(this.#total)} in ${seconds.toFixed(1)} s (${rate} orders/s)`);
  }

  #turnSecond(): void {
    if (performance.now() - this.#secondStart > SECOND_MS) this.#flush();
  }

  /** Whether a person can still read one more verdict in this second. */
  #isReadable(): boolean {
    this.#pace++;
    return this.#verbose || (!this.#tooFast && this.#pace <= HUMAN_PACE);
  }

  /** Verdicts that are only counted are reported within a second. */
  #flushLater(): void {
    if (ordersIn(this.#second) > 0) this.#timer ??= setTimeout(() => this.#flush(), SECOND_MS);
  }

  /** Ends the second with one line for all verdicts that were only counted. */
  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (ordersIn(this.#second) > 0) {
      const sentence = `… ${ordersIn(this.#second)} more orders: ${describe(this.#second)}`;
      if (Object.keys(this.#second.rejected).length + this.#second.deadLettered > 0) complain(sentence);
      else print(sentence);
    }
    this.#second = noCounts();
    this.#tooFast = this.#pace > HUMAN_PACE;
    this.#pace = 0;
    this.#secondStart = performance.now();
  }
}

function printVerdict(verdict: Verdict): void {
  const { order } = verdict.received;
  const what = `${shown(order.order_id)}  ${shown(order.user)}  ${order.quantity} ${shown(order.item)}`;
  switch (verdict.kind) {
    case "accepted": {
      const word = styleText("green", "accepted", { stream: process.stdout });
      return print(`${word}  ${what}  stock ${verdict.before} -> ${verdict.remaining}`);
    }
    case "rejected":
      return complain(`rejected  ${what}  ${verdict.reason}${seen(verdict)}`);
    case "redelivered": {
      const word = styleText("dim", "skipped", { stream: process.stdout });
      return print(`${word}   ${what}  accepted before`);
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

function complain(line: string): void {
  const [word] = line.split(" ", 1);
  const coloured = word === "…"
    ? line
    : styleText("yellow", word, { stream: process.stderr }) + line.slice(word.length);
  printError(coloured);
}

function describe(counts: VerdictCounts): string {
  const reasons = Object.entries(counts.rejected).map(([reason, number]) => `${number} ${reason}`);
  const parts = [`${counts.accepted} accepted`, `${rejectedIn(counts)} rejected`];
  if (reasons.length > 0) parts[1] += ` (${reasons.join(", ")})`;
  if (counts.redelivered > 0) parts.push(`${counts.redelivered} accepted before`);
  if (counts.deadLettered > 0) parts.push(`${counts.deadLettered} dead-lettered`);
  return parts.join(", ");
}
