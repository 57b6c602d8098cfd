import { optional } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { integer, string } from "@optique/core/valueparser";
import { EXIT, Failure } from "../errors.ts";
import { line } from "./parse.ts";
import { shellWord } from "../shell_word.ts";
import type { SliceFilter } from "../slice.ts";
import { parseTimeFlag } from "./time_flag.ts";

const place = integer({ metavar: "N", min: 0 });
const WHEN = "a time such as 2026-11-24T08:00, or an age such as 15m";

/** The flags of every command that takes a slice of orders or dead letters. */
export const sliceFlags = {
  reason: optional(option("--reason", string({ metavar: "REASON" }), {
    description: line("Only those with this reason; for dead letters, words that it contains"),
  })),
  since: optional(
    option("--since", string({ metavar: "WHEN" }), {
      description: line(`Only from then on: ${WHEN}; accepted orders by when they were created`),
    }),
  ),
  until: optional(option("--until", string({ metavar: "WHEN" }), { description: line("Only from before then") })),
  from: optional(option("--from", place, {
    description: line("Begin at this line of orders.jsonl or rejected.jsonl, or offset of the dead letters"),
  })),
  to: optional(option("--to", place, { description: line("End before this one") })),
  limit: optional(option("--limit", integer({ metavar: "N", min: 1 }), { description: line("So many at most") })),
};

/** The same for a command that takes dead letters only. */
export const deadLetterFlags = {
  ...sliceFlags,
  reason: optional(option("--reason", string({ metavar: "WORDS" }), {
    description: line("Only those whose reason contains these words"),
  })),
  since: optional(option("--since", string({ metavar: "WHEN" }), { description: line(`Only from then on: ${WHEN}`) })),
  from: optional(option("--from", place, { description: line("Begin at this offset of the dead letters") })),
};

type SliceFlags = Omit<SliceFilter, "since" | "until"> & { since?: string; until?: string };

/**
 * The filter set by those flags; ages count back from `now`, in milliseconds since the epoch. A `Failure` (64) if one
 * is wrong.
 */
export function sliceSetting({ since, until, ...rest }: SliceFlags, now: number): SliceFilter {
  return { ...rest, since: timeSetting("--since", since, now), until: timeSetting("--until", until, now) };
}

/** The flag values that reproduce this filter at any later time: ages have become times. */
export function sliceValues({ since, until, ...rest }: SliceFilter): Record<string, FlagValue> {
  const time = (at: number | undefined) => at === undefined ? undefined : new Date(at).toISOString();
  return { ...rest, since: time(since), until: time(until) };
}

export type FlagValue = string | number | boolean | undefined;

/** Flags as typed into a shell, such as `--dlq --to 12 --reason 'a b'`; those that are off or missing are left out. */
export function flagsOf(values: Readonly<Record<string, FlagValue>>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== false);
  return given.map(([name, value]) => value === true ? `--${name}` : `--${name} ${shellWord(String(value))}`).join(" ");
}

function timeSetting(flag: string, text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const target = parseTimeFlag(text, now);
  if (target?.kind === "time") return target.time;
  throw new Failure(EXIT.usage, `${flag} must be ${WHEN}, got "${text}"`);
}
