import type { BeginProgress, ProgressUnit } from "../progress.ts";
import { durationText } from "./duration_text.ts";
import { escapeControls } from "./escape.ts";
import { LiveLine } from "./live_line.ts";
import { printError } from "./print.ts";
import { Speed } from "./speed.ts";
import { canRedraw } from "./terminal.ts";

/** The most milliseconds between two lines in a log. */
const LOG_EVERY_MS = 5_000;
const BAR_CELLS = 20;

/** Shows long work as a line on the terminal: how much is done, the rate, the time left. Elsewhere it is not shown. */
export const showProgress: BeginProgress = (what, unit) => {
  const speed = new Speed(isSlow(unit) ? { windowMs: Infinity } : {});
  let [done, total] = [0, 0];
  let line: LiveLine | undefined;
  const texts = () => {
    const rate = speed.noted(done, performance.now());
    return progressTexts({ what: escapeControls(what), unit, done, total, rate });
  };
  return (nowDone, nowTotal) => {
    [done, total] = [nowDone, nowTotal];
    speed.noted(done, performance.now());
    if (done < total) return (line ??= new LiveLine(texts)).refresh();
    line?.[Symbol.dispose]();
    line = undefined;
  };
};

/** The same for a service, whose log gets a line every few seconds. */
export const logProgress: BeginProgress = (what, unit) => {
  if (canRedraw()) return showProgress(what, unit);
  let last = performance.now();
  return (done, total) => {
    if (performance.now() - last < LOG_EVERY_MS) return;
    last = performance.now();
    printError(escapeControls(`${what}: ${percent(done, total)} of ${amount(total, unit)}`));
  };
};

export interface ProgressState {
  what: string;
  unit: ProgressUnit;
  done: number;
  total: number;
  /** Units per second; 0 while it is not known. */
  rate: number;
}

/** The line about some work, the longest first; what matters least is left out first. */
export function progressTexts({ what, unit, done, total, rate }: ProgressState): string[] {
  if (total === 0) return [what];
  const share = percent(done, total);
  const facts = [timeLeft(total - done, rate), rateText(rate, unit), `${amount(done, unit)} of ${amount(total, unit)}`]
    .filter((fact) => fact !== undefined);
  const withBar = `${what} ${bar(done, total)} ${share}`;
  const plain = facts.map((_, index) => [`${what} ${share}`, ...facts.slice(0, facts.length - index)]);
  const texts = [[withBar, ...facts], [withBar, ...facts.slice(0, -1)], ...plain, [`${what} ${share}`]];
  return texts.map((parts) => parts.join(SEPARATOR));
}

/** Between the facts of a line; numbers have commas of their own. */
export const SEPARATOR = " · ";

/** As in `1,234 orders/s`; undefined while it is not known, and where the unit is too large to be counted so. */
export function rateText(rate: number, unit: ProgressUnit): string | undefined {
  if (rate === 0 || isSlow(unit)) return undefined;
  return unit === "bytes" ? `${amount(rate, unit)}/s` : `${countText(rate)} ${unit}/s`;
}

/** Whether one of them takes many seconds. */
function isSlow(unit: ProgressUnit): boolean {
  return unit === "runs" || unit === "steps";
}

/** A whole number from 10 on, for a digit more tells nothing. */
export function countText(count: number): string {
  return count.toLocaleString("en-US", { maximumFractionDigits: count < 10 ? 1 : 0 });
}

function timeLeft(left: number, rate: number): string | undefined {
  return rate === 0 ? undefined : `${durationText(left / rate)} left`;
}

function amount(count: number, unit: ProgressUnit): string {
  if (unit !== "bytes") return countText(Math.floor(count));
  return count < 1e9 ? `${countText(count / 1e6)} MB` : `${(count / 1e9).toFixed(1)} GB`;
}

function percent(done: number, total: number): string {
  return `${Math.floor(Math.min(1, done / total) * 100)}%`;
}

function bar(done: number, total: number): string {
  const full = Math.floor(Math.min(1, done / total) * BAR_CELLS);
  return "█".repeat(full) + "░".repeat(BAR_CELLS - full);
}
