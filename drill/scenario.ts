import type { World } from "./world.ts";

/** What a drill needs beyond a broker and a registry. */
export type Need =
  /** Several consumers share a store only there. */
  | "PostgreSQL"
  | "three brokers"
  /** A stack that may be harmed. */
  | "own stack";

export interface Findings {
  /** What happened, a line each, with what was measured. */
  happened: string[];
  /** What has to be so beyond the balance, by the sentence that says it. */
  claims?: Readonly<Record<string, boolean>>;
}

/** One guided failure. */
export interface Drill {
  name: string;
  /** What will be done, in two or three lines. */
  plan: readonly string[];
  question: string;
  answers: readonly string[];
  /** The number of the right answer, from 1. */
  right: number;
  why: string;
  needs: readonly Need[];
  /** About how long it takes. */
  seconds: number;
  /** The right answer for the careless consumer; or why that one cannot play. */
  naive: { right: number } | { not: string };
  /** Has it happen for real. */
  run(world: World): Promise<Findings>;
}

/** Milliseconds as `0.4 s`. */
export function secondsText(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
