import type { DeadLetter } from "../ports.ts";
import { countVerdict, noCounts, ordersIn, type VerdictCounts } from "../verdict_counts.ts";
import type { Verdict, Verdicts } from "../verdicts.ts";
import { logEvent } from "./log.ts";

/** Lines a second about single records; all are counted. */
const MOST_LINES = 20;
const SECOND_MS = 1_000;

/**
 * Writes verdicts to the JSON log: a line for each rejected order and dead letter, at most {@linkcode MOST_LINES} a
 * second, and every second the counts of all. `verbose` writes a line for each verdict.
 */
export class VerdictLog {
  readonly #verbose: boolean;
  readonly #startedAt = performance.now();
  readonly #total = noCounts();
  #second = noCounts();
  #lines = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: { verbose: boolean }) {
    this.#verbose = options.verbose;
  }

  get counts(): Readonly<VerdictCounts> {
    return this.#total;
  }

  show(verdicts: Verdicts): void {
    for (let row = 0; row < verdicts.length; row++) {
      const outcome = verdicts.outcomes[row];
      countVerdict(this.#total, outcome);
      countVerdict(this.#second, outcome);
      if (this.#verbose || verdicts.isRejected(row) && this.#hasRoom()) logVerdict(verdicts.at(row));
    }
    this.#countLater();
  }

  showDeadLetters(deadLetters: readonly Pick<DeadLetter, "at" | "reason">[]): void {
    this.#total.deadLettered += deadLetters.length;
    this.#second.deadLettered += deadLetters.length;
    for (const { at: { partition, offset }, reason } of deadLetters) {
      if (this.#verbose || this.#hasRoom()) logEvent("warn", "dead_letter", { partition, offset, reason });
    }
    this.#countLater();
  }

  /** Writes the pending counts and the total. */
  finish(): void {
    this.#countNow();
    const seconds = (performance.now() - this.#startedAt) / SECOND_MS;
    logEvent("info", "stopped", { ...asFields(this.#total), seconds: Number(seconds.toFixed(1)) });
  }

  #hasRoom(): boolean {
    return ++this.#lines <= MOST_LINES;
  }

  #countLater(): void {
    if (ordersIn(this.#second) > 0) this.#timer ??= setTimeout(() => this.#countNow(), SECOND_MS);
  }

  #countNow(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (ordersIn(this.#second) > 0) logEvent("info", "progress", asFields(this.#second));
    this.#second = noCounts();
    this.#lines = 0;
  }
}

function asFields(counts: VerdictCounts): Record<string, unknown> {
  const { accepted, rejected, redelivered, deadLettered } = counts;
  return { records: ordersIn(counts), accepted, rejected, redelivered, dead_lettered: deadLettered };
}

function logVerdict(verdict: Verdict): void {
  const { order: { order_id, user, item, quantity }, at: { partition, offset } } = verdict.received;
  const record = { order_id, user, item, quantity, partition, offset };
  switch (verdict.kind) {
    case "accepted":
      return logEvent("info", "accepted", { ...record, stock_before: verdict.before, remaining: verdict.remaining });
    case "rejected": {
      const { reason, status, stock } = verdict;
      return logEvent("warn", "rejected", { ...record, reason, status, stock });
    }
    case "redelivered":
      return logEvent("info", "redelivered", record);
    default:
      return verdict satisfies never;
  }
}
