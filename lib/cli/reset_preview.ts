import type { KnownVerdicts } from "../offset_changes.ts";
import { instant, type ResetStep, type ResetTarget } from "../reset_target.ts";
import { table } from "./table.ts";

export interface ResetPreview {
  topic: string;
  /** Missing for an undo. */
  target?: ResetTarget;
  steps: readonly ResetStep[];
  /** When the record was written that reading goes on with, by partition. */
  times?: ReadonlyMap<number, number>;
  /** What the store knows of the records that are read again or skipped, by partition. */
  verdicts?: ReadonlyMap<number, KnownVerdicts>;
}

/** A reset as a table for a person: where each partition goes, and what that means. */
export function resetPreview({ topic, target, steps, times, verdicts }: ResetPreview): string {
  const rows = steps.map((step) => [
    step.partition,
    step.from === undefined ? "none" : String(step.from),
    step.to === undefined ? "none" : String(step.to),
    ...(times === undefined ? [] : [timeOf(times.get(step.partition))]),
    meaning(step.again, verdicts?.get(step.partition)),
    step.clampedFrom === undefined ? "" : `${step.clampedFrom} is outside of the log`,
  ]);
  const columns = ["partition", "old", "new", ...(times === undefined ? [] : ["record written"]), "records", ""];
  // The user has not seen the time that an age comes to, and a time without a zone may have been meant in another zone.
  const where = target?.kind === "time" ? ` to what came at ${zoned(target.time)} or later` : "";
  return `${target === undefined ? "Undo" : "Reset"} of ${topic}${where}\n${table(columns, rows)}`;
}

/** All steps together, in one sentence without its end. */
export function resetSummary(
  steps: readonly ResetStep[],
  verdicts?: ReadonlyMap<number, KnownVerdicts>,
): string {
  const parts = [steps.filter(({ again }) => again > 0), steps.filter(({ again }) => again < 0)]
    .filter((some) => some.length > 0)
    .map((some) =>
      meaning(
        some.reduce((sum, { again }) => sum + again, 0),
        verdicts && total(some.map(({ partition }) => verdicts.get(partition)!)),
      )
    );
  return parts.length === 0 ? "nothing is read again or skipped" : parts.join("; ");
}

/** `412 read again: 380 already settled, 32 new`. What is without an order is a dead letter, say. */
function meaning(again: number, verdicts: KnownVerdicts | undefined): string {
  const size = Math.abs(again);
  const what = `${size} ${again >= 0 ? "read again" : "skipped"}`;
  if (verdicts === undefined || again === 0) return what;
  const { settled, rejected, fresh, others } = kindsOf(size, verdicts);
  const parts = again > 0
    ? { "already settled": settled, "rejected before": rejected, "without an order": others, new: fresh }
    : { "already settled": settled, "rejected before": rejected, "without an order": others, "never judged": fresh };
  const named = Object.entries(parts).filter(([, count]) => count > 0).map(([kind, count]) => `${count} ${kind}`);
  return named.length === 0 ? what : `${what}: ${named.join(", ")}`;
}

/** So many records by what the store knows of them; what it knows of an earlier topic of that name is left out. */
export function kindsOf(
  size: number,
  { accepted, rejected, read }: KnownVerdicts,
): { settled: number; rejected: number; others: number; fresh: number } {
  const settled = Math.min(accepted, size);
  const again = Math.min(rejected, size - settled);
  const others = Math.min(Math.max(0, read - settled - again), size - settled - again);
  return { settled, rejected: again, others, fresh: size - settled - again - others };
}

function total(counts: readonly KnownVerdicts[]): KnownVerdicts {
  const sum = (name: keyof KnownVerdicts) => counts.reduce((sum, count) => sum + count[name], 0);
  return { accepted: sum("accepted"), rejected: sum("rejected"), read: sum("read") };
}

function timeOf(time: number | undefined): string {
  return time === undefined ? "-" : instant(time);
}

/** In UTC, and in the zone of this machine where that is another. */
function zoned(time: number): string {
  const offset = -new Date(time).getTimezoneOffset();
  if (offset === 0) return instant(time);
  const sign = offset < 0 ? "-" : "+";
  const pad = (value: number) => String(Math.floor(Math.abs(value))).padStart(2, "0");
  const local = new Date(time + offset * 60_000).toISOString().slice(0, 19);
  return `${instant(time)} (${local}${sign}${pad(offset / 60)}:${pad(offset % 60)} here)`;
}
