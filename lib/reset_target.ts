/** Where an offset reset leads. */
export type ResetTarget =
  | { kind: "earliest" }
  | { kind: "latest" }
  | { kind: "offset"; offset: number }
  /** The first record at or after this time, in milliseconds since the epoch. */
  | { kind: "time"; time: number };

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Parses `earliest`, `latest`, an offset, a time (ISO 8601; local unless it has a zone) or an age such as `15m`, `6h`
 * or `PT15M`. Undefined for anything else. `now` is in milliseconds since the epoch.
 */
export function parseResetTarget(text: string, now: number): ResetTarget | undefined {
  if (text === "earliest" || text === "latest") return { kind: text };
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

/** A reset of one partition. */
export interface ResetStep {
  partition: number;
  /** The committed offset before; undefined where there was none. */
  from: number | undefined;
  to: number;
  /** The requested offset, if it had to be moved into the log. */
  clampedFrom?: number;
  /** Records that will be read again (positive) or skipped (negative), counted from `from`. */
  again: number;
}

/**
 * The reset of one partition. `asked` is the offset the target means there; the log holds `[low, high)`, and the result
 * lies within it.
 */
export function resetStep(
  log: { partition: number; low: number; high: number },
  from: number | undefined,
  asked: number,
): ResetStep {
  const to = Math.min(Math.max(asked, log.low), log.high);
  const again = Math.min(Math.max(from ?? log.low, log.low), log.high) - to;
  return { partition: log.partition, from, to, again, ...(to === asked ? {} : { clampedFrom: asked }) };
}
