import { optional } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { float } from "@optique/core/valueparser";
import { EXIT, Failure } from "../errors.ts";
import type { PaceSetting } from "../pace.ts";
import { line } from "./parse.ts";

const delay = float({ metavar: "SECONDS", min: 0, max: 86_400 });
const rate = float({ metavar: "ORDERS/S", min: 0.0001, max: 1_000_000 });

/** The flags of every command that sends orders at a pace; `usual` is the default delay in seconds. */
export function paceFlags(usual: number) {
  return {
    delay: optional(option("--delay", delay, { description: line(`Seconds between orders (default ${usual})`) })),
    rate: optional(option("--rate", rate, { description: line("Orders a second, fractions allowed") })),
  };
}

/** The pace set by those flags. Throws a usage {@linkcode Failure} if both are given. */
export function paceSetting(flags: { delay?: number; rate?: number }, usual: number): PaceSetting {
  if (flags.delay !== undefined && flags.rate !== undefined) {
    throw new Failure(EXIT.usage, "--delay and --rate both set the pace: give one of them");
  }
  return flags.rate === undefined ? { delay: flags.delay ?? usual } : { rate: flags.rate };
}
