import { EXIT, Failure } from "../errors.ts";
import { didYouMean } from "./did_you_mean.ts";
import { RESET_TARGETS, type ResetTarget } from "../reset_target.ts";
import { parseTimeFlag } from "./time_flag.ts";

/** Where a reset leads, as a person has said it. */
export interface ResetSetting {
  target: ResetTarget;
  /** The target in their words. */
  to: string;
  partitions?: number[];
}

/** The words among the targets. */
const WORDS = ["earliest", "latest", "current"];

/** The target that `flag` names; ages count back from `now`, in milliseconds since the epoch. A `Failure` (64) if wrong. */
export function resetTargetSetting(flag: string, to: string, now: number): ResetSetting {
  const target = parseTimeFlag(to, now);
  if (target === undefined) {
    throw new Failure(EXIT.usage, `${flag} must be ${RESET_TARGETS}, got "${to}"${didYouMean(to, WORDS)}`);
  }
  return { target, to };
}

/** The numbers of `--partitions`. */
export function partitionsSetting(text: string | undefined): number[] | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+(,\d+)*$/.test(text)) {
    throw new Failure(EXIT.usage, `--partitions must be numbers such as 0,2, got "${text}"`);
  }
  return text.split(",").map(Number);
}
