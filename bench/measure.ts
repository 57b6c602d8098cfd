import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../lib/errors.ts";
import type { BenchWorld } from "./bench_world.ts";
import { type Outcome, resultOf, type Sample, type Work } from "./work.ts";

/** How long a work may take, in milliseconds: its preparation, then each round. Usually ten times what it needs. */
const BUDGET = {
  preparation: { base: 180_000, order: 0.3 },
  round: { base: 120_000, order: 0.5 },
};

export interface MeasureOptions {
  rounds: number;
  /** Ends the bench. */
  stop: AbortSignal;
  /** Called with progress notes, one sentence each. */
  note: (sentence: string) => void;
  /** Called after the preparation and after each round, with how many of these are done. */
  onStep?: (done: number) => void;
}

/** Measures one work in `rounds` rounds. A failure or overrun becomes its outcome, unless `stop` has aborted. */
export async function measure(
  work: Work,
  world: BenchWorld,
  { rounds, stop, note, onStep }: MeasureOptions,
): Promise<Outcome> {
  const skipped = work.skip?.(world.orders);
  if (skipped !== undefined) {
    note(`${work.title}: skipped, ${skipped}`);
    return { work, skipped };
  }
  const { preparation, round: each } = BUDGET;
  const budgetMs = preparation.base + preparation.order * world.orders +
    rounds * (each.base + each.order * world.orders);
  const overrun = `took longer than ${Math.round(budgetMs / 1_000)} s`;
  const limit = AbortSignal.timeout(budgetMs);
  const signal = AbortSignal.any([stop, limit]);
  try {
    note(`${work.title}: preparing`);
    const round = await inTime(work.prepare(world.within(signal)), signal);
    const samples: Sample[] = [];
    for (let done = 0; done < rounds; done++) {
      onStep?.(done + 1);
      const sample = await inTime(round(), signal);
      samples.push(sample);
      note(`${work.title}: round ${done + 1} of ${rounds}, ${figures(work, sample)}`);
    }
    return { work, result: resultOf(samples, work.target) };
  } catch (error) {
    stop.throwIfAborted();
    const why = limit.aborted ? overrun : messageOf(error);
    const failure = why.replace(/\s+/g, " ");
    note(`${work.title}: FAILED, ${failure}`);
    return { work, failure };
  }
}

/** How long a work may take to clean up after its time is over, in milliseconds. */
const GRACE_MS = 10_000;

/** Whatever `step` is waiting for, it does not block the bench. */
async function inTime<T>(step: Promise<T>, signal: AbortSignal): Promise<T> {
  const late = Promise.withResolvers<never>();
  const onAbort = () => delay(GRACE_MS, undefined, { ref: false }).then(() => late.reject(signal.reason));
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([step, late.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    late.promise.catch(() => {});
  }
}

function figures({ unit, peer: against }: Work, { ours, peer }: Sample): string {
  const versus = peer === undefined ? "" : ` against ${peer.toFixed(1)} (${against})`;
  return `${ours.toFixed(1)} ${unit}${versus}`;
}
