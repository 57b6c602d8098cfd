import assert from "node:assert/strict";
import type { BeginProgress } from "../../lib/progress.ts";

/** A `begin` for work that may take long, and what was begun so far, each to its end. */
export function watchedWork(): { begin: BeginProgress; ended(): string[] } {
  const works = new Map<string, { done: number; total: number }>();
  const begin: BeginProgress = (what, unit) => {
    let last = 0;
    return (done, total) => {
      assert.ok(done >= last && done <= total, `${what}: ${done} of ${total} after ${last}`);
      works.set(`${what}, ${unit}`, { done: last = done, total });
    };
  };
  const ended = () => {
    for (const [what, { done, total }] of works) assert.equal(done, total, `${what} has come to its end`);
    return [...works.keys()];
  };
  return { begin, ended };
}
