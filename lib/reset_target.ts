import type { OffsetRange } from "./offset_ranges.ts";

/** Where an offset reset leads. */
export type ResetTarget =
  | { kind: "earliest" }
  | { kind: "latest" }
  /** Where the group is now; the log's end where it has no offset, as Kafka's own tool has it. */
  | { kind: "current" }
  | { kind: "offset"; offset: number }
  /** So many records on, or back if negative. */
  | { kind: "shift"; by: number }
  /** An offset of its own for each of these partitions; the others stay. */
  | { kind: "offsets"; offsets: ReadonlyMap<number, number> }
  /** The first record at or after this time, in milliseconds since the epoch. */
  | { kind: "time"; time: number };

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What {@linkcode parseResetTarget} takes, as the help and the errors of commands say it. */
export const RESET_TARGETS = "earliest, latest, current, an offset, +N or -N records, 0=5,1=9 by partition, " +
  "a time such as 2026-11-24T08:00, or an age such as 15m";

/**
 * Parses `earliest`, `latest`, `current`, an offset, a shift such as `-10`, offsets by partition such as `0=5,1=9`, a
 * time (ISO 8601; local unless it has a zone) or an age such as `15m`, `6h` or `PT15M`. Undefined for anything else.
 * `now` is in milliseconds since the epoch.
 */
export function parseResetTarget(text: string, now: number): ResetTarget | undefined {
  if (text === "earliest" || text === "latest" || text === "current") return { kind: text };
  if (/^[+-]\d+$/.test(text)) {
    const by = Number(text);
    return Number.isSafeInteger(by) ? { kind: "shift", by } : undefined;
  }
  if (/^\d+=\d+(,\d+=\d+)*$/.test(text)) return parseOffsets(text);
  if (/^\d+$/.test(text)) {
    const offset = Number(text);
    return Number.isSafeInteger(offset) ? { kind: "offset", offset } : undefined;
  }
  const age = parseAge(text);
  // Kafka reads -1 and -2 as latest and earliest; nothing is older than its clock.
  if (age !== undefined) return { kind: "time", time: Math.max(0, now - age) };
  const time = parseTime(text);
  return time === undefined ? undefined : { kind: "time", time: Math.max(0, time) };
}

function parseOffsets(text: string): ResetTarget | undefined {
  const pairs = text.split(",").map((pair) => pair.split("=").map(Number) as [number, number]);
  const offsets = new Map(pairs);
  const isSound = offsets.size === pairs.length && pairs.flat().every(Number.isSafeInteger);
  return isSound ? { kind: "offsets", offsets } : undefined;
}

function parseTime(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/.test(text)) return undefined;
  // A date without a time is local midnight; Date.parse would take it as UTC.
  const time = Date.parse(text.length === 10 ? `${text}T00:00` : text.replace(" ", "T"));
  if (Number.isNaN(time)) return undefined;
  // Date.parse turns 30 February into 2 March.
  const [year, month, day] = text.slice(0, 10).split("-").map(Number);
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day ? time : undefined;
}

/** Parses a duration such as `2s`, `15m` or `PT15M` into milliseconds; undefined for anything else. */
export function parseAge(text: string): number | undefined {
  const short = /^(\d+)([smhd])$/.exec(text);
  if (short !== null) return Number(short[1]) * UNIT_MS[short[2]];
  const iso = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text);
  if (iso === null || text === "P" || text.endsWith("T")) return undefined;
  const [days, hours, minutes, seconds] = iso.slice(1).map((part) => Number(part ?? 0));
  return days * UNIT_MS.d + hours * UNIT_MS.h + minutes * UNIT_MS.m + seconds * UNIT_MS.s;
}

/** Times that a number may stand for, in milliseconds since the epoch: 2001 to 2100. */
const LIKELY_TIMES = { from: Date.UTC(2001), to: Date.UTC(2101) };

/** The time in milliseconds, if the number looks like seconds or milliseconds since the epoch. */
export function epochTime(number: number): number | undefined {
  return [number, number * 1_000].find((time) => time >= LIKELY_TIMES.from && time < LIKELY_TIMES.to);
}

/** A time, in milliseconds since the epoch, as a person and `parseResetTarget` can read it: 2026-11-24T08:00:00Z. */
export function instant(time: number): string {
  return new Date(time).toISOString().replace(".000Z", "Z");
}

/** The log of a partition: offsets `[low, end)` exist, those before `high` can be read; an open transaction is between. */
export interface LogBounds {
  partition: number;
  low: number;
  high: number;
  end: number;
}

/** A reset of one partition. */
export interface ResetStep {
  partition: number;
  /** Where reading would go on now; undefined where it would begin at the log's start. */
  from: number | undefined;
  /** Where it will go on; undefined where it will begin at the log's start, because an undo leaves no offset. */
  to: number | undefined;
  /** The requested offset, if it had to be moved into the log. */
  clampedFrom?: number;
  /** Records that will be read again (positive) or skipped (negative), counted from `from`. */
  again: number;
  /** The offsets of those. */
  range: OffsetRange;
}

/**
 * The reset of one partition. `asked` is the offset the target means there, undefined to have none; the result lies
 * within the log.
 */
export function resetStep(log: LogBounds, from: number | undefined, asked: number | undefined): ResetStep {
  const to = asked === undefined ? undefined : intoLog(log, asked);
  const [old, now] = [from ?? log.low, to ?? log.low].map((offset) => intoLog(log, offset));
  return {
    partition: log.partition,
    from,
    to,
    ...(to === asked ? {} : { clampedFrom: asked }),
    again: old - now,
    range: { from: Math.min(old, now), to: Math.max(old, now) },
  };
}

/** Beyond its end an offset can only mean what comes next, which is what an open transaction holds back. */
export function intoLog({ low, high, end }: LogBounds, offset: number): number {
  return offset > end ? high : Math.max(offset, low);
}
