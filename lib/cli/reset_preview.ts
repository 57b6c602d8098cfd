import type { ResetStep } from "../reset_target.ts";
import { table } from "./table.ts";

/** A reset as a table for a person: where each partition goes, and what that means. */
export function resetPreview(topic: string, steps: readonly ResetStep[]): string {
  const rows = steps.map(({ partition, from, to, again, clampedFrom }) => [
    partition,
    from === undefined ? "none" : String(from),
    String(to),
    again >= 0 ? `${again} read again` : `${-again} skipped`,
    clampedFrom === undefined ? "" : `${clampedFrom} is outside of the log`,
  ]);
  return `Reset of ${topic}\n${table(["partition", "old", "new", "records", ""], rows)}`;
}
