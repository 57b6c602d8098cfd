import type { BenchWorld } from "./bench_world.ts";
import { median, type Spread, spread } from "./statistics.ts";

export type Unit = "orders/s" | "ms" | "%" | "MB";

/** The target: `times` the peer, if there is one, `plus` this many of the unit. */
export interface Target {
  bound: "at least" | "at most";
  times?: number;
  plus?: number;
}

/** One round: our figure, and the peer's directly after it. */
export interface Sample {
  ours: number;
  peer?: number;
  /** Further figures for the JSON file. */
  details?: Record<string, unknown>;
}

/** Something that is measured. */
export interface Work {
  /** What `--only` calls it. */
  name: string;
  /** What is measured, in a few words. */
  title: string;
  unit: Unit;
  /** What it is compared with. */
  peer?: string;
  target: Target;
  /** Why it is not measured with this many orders; undefined if it is. */
  skip?(orders: number): string | undefined;
  /** Prepares what all rounds need, and returns the function for one round. */
  prepare(world: BenchWorld): Promise<() => Promise<Sample>>;
}

/** All rounds of a work in figures. */
export interface Result {
  samples: Sample[];
  ours: Spread;
  peer?: Spread;
  /** Ours divided by the peer's, round by round. */
  ratio?: Spread;
  /** Median share of the target reached (`at least`) or used up (`at most`), round by round; 1 is the target. */
  share: number;
  met: boolean;
}

/** What became of a work. */
export type Outcome = { work: Work } & ({ result: Result } | { failure: string } | { skipped: string });

/** Sums up at least one round. */
export function resultOf(samples: Sample[], target: Target): Result {
  const share = median(samples.map(({ ours, peer }) => ours / limit(target, peer)));
  const pairs = samples.filter((sample): sample is Required<Sample> => sample.peer !== undefined);
  return {
    samples,
    ours: spread(samples.map(({ ours }) => ours)),
    peer: pairs.length === 0 ? undefined : spread(pairs.map(({ peer }) => peer)),
    ratio: pairs.length === 0 ? undefined : spread(pairs.map(({ ours, peer }) => ours / peer)),
    share,
    met: target.bound === "at least" ? share >= 1 : share <= 1,
  };
}

function limit({ times = 0, plus = 0 }: Target, peer = 0): number {
  return times * peer + plus;
}
