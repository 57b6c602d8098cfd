import { table } from "../lib/cli/table.ts";
import type { Spread } from "./statistics.ts";
import type { Outcome, Target, Unit } from "./work.ts";

const COLUMNS = ["work", "ours, median (min–max)", "peer", "peer, median (min–max)", "ratio", "target", ""];

/** The outcomes as a table for people. */
export function report(outcomes: readonly Outcome[]): string {
  return table(COLUMNS, outcomes.map(row));
}

function row(outcome: Outcome): string[] {
  const { title, unit, peer = "-", target } = outcome.work;
  const aim = describeTarget(target, unit);
  if ("skipped" in outcome) return [title, "-", peer, "-", "-", aim, `skipped: ${outcome.skipped}`];
  if ("failure" in outcome) return [title, "-", peer, "-", "-", aim, `FAILED: ${outcome.failure}`];
  const { ours, peer: theirs, ratio, met } = outcome.result;
  return [
    title,
    `${describeSpread(ours, unit)} ${unit}`,
    peer,
    theirs === undefined ? "-" : `${describeSpread(theirs, unit)} ${unit}`,
    ratio === undefined ? "-" : describeRatio(ratio),
    aim,
    met ? "ok" : "missed",
  ];
}

function describeSpread({ median, min, max }: Spread, unit: Unit): string {
  return `${describe(median, unit)} (${describe(min, unit)}–${describe(max, unit)})`;
}

function describeRatio({ median, min, max }: Spread): string {
  return `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
}

/** As in `>= 0.5x`, `<= 2x + 1 s`, `<= 300 MB`. */
export function describeTarget({ bound, times, plus }: Target, unit: Unit): string {
  const amount = plus === undefined ? undefined : unit === "ms" ? `${plus / 1_000} s` : `${plus} ${unit}`;
  const parts = [times === undefined ? undefined : `${times}x`, amount].filter((part) => part !== undefined);
  return `${bound === "at least" ? ">=" : "<="} ${parts.join(" + ")}`;
}

function describe(value: number, unit: Unit): string {
  const digits = { "orders/s": 0, MB: 0, ms: value < 100 ? 1 : 0, "%": 2 }[unit];
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
