import { optional } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { float, string } from "@optique/core/valueparser";
import { EXIT, Failure } from "../errors.ts";
import type { PaceSetting } from "../pace.ts";
import { line } from "./parse.ts";

const LONGEST_S = 86_400;
const delay = float({ metavar: "SECONDS", min: 0, max: LONGEST_S });
const rate = aboveZero("ORDERS/S");

/** A number above 0. The library's own sentence rounds the least one to 0, and then refuses a 0. */
export function aboveZero(metavar: "ORDERS/S" | "TIMES") {
  const belowMinimum = (value: number, min: number) => line(`Expected at least ${min}, but got "${value}".`);
  return float({ metavar, min: 0.0001, max: 1_000_000, errors: { belowMinimum } });
}

/** The flags of every command that sends orders at a pace; `usual` is the default delay in seconds. */
export function paceFlags(usual: number) {
  return {
    delay: optional(option("--delay", delay, { description: line(`Seconds between orders (default ${usual})`) })),
    rate: optional(option("--rate", rate, { description: line("Orders a second, fractions allowed") })),
  };
}

/** The flags that make a pace less even. */
export const unevenFlags = {
  burst: optional(option("--burst", string({ metavar: "N/SECONDS" }), {
    description: line("So many orders at once, every so many seconds, such as 100/5"),
  })),
  jitter: optional(option("--jitter", float({ metavar: "PART", min: 0, max: 1 }), {
    description: line("Vary each wait by up to this part, such as 0.3; the mean stays"),
  })),
};

interface PaceFlags {
  delay?: number;
  rate?: number;
  burst?: string;
  jitter?: number;
}

/** The pace set by those flags. Throws a usage {@linkcode Failure} if they contradict each other. */
export function paceSetting({ delay, rate, burst, jitter }: PaceFlags, usual: number): PaceSetting {
  const given = Object.entries({ delay, rate, burst }).filter(([, value]) => value !== undefined);
  if (given.length > 1) {
    const [one, other] = given.map(([name]) => `--${name}`);
    throw new Failure(EXIT.usage, `${one} and ${other} both set the pace: give one of them`);
  }
  const uneven = jitter === undefined ? {} : { jitter };
  if (burst !== undefined) return { burst: parseBurst(burst), ...uneven };
  const pace = rate === undefined ? { delay: delay ?? usual } : { rate };
  if (jitter !== undefined && pace.delay === 0) {
    throw new Failure(EXIT.usage, "--jitter varies the waits, and --delay 0 has none");
  }
  return { ...pace, ...uneven };
}

function parseBurst(text: string): { size: number; every: number } {
  const [, size, every] = (/^(\d{1,7})\/(\d{1,5}(?:\.\d+)?)$/.exec(text) ?? []).map(Number);
  if (size > 0 && every > 0 && every <= LONGEST_S) return { size, every };
  throw new Failure(EXIT.usage, `--burst must be orders/seconds such as 100/5, got "${text}"`);
}
