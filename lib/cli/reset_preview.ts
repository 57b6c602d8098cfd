import { instant, type ResetStep, type ResetTarget } from "../reset_target.ts";
import { table } from "./table.ts";

export interface ResetPlan {
  topic: string;
  target: ResetTarget;
  steps: readonly ResetStep[];
}

/** A reset as a table for a person: where each partition goes, and what that means. */
export function resetPreview({ topic, target, steps }: ResetPlan): string {
  const rows = steps.map(({ partition, from, to, again, clampedFrom }) => [
    partition,
    from === undefined ? "none" : String(from),
    String(to),
    again >= 0 ? `${again} read again` : `${-again} skipped`,
    clampedFrom === undefined ? "" : `${clampedFrom} is outside of the log`,
  ]);
  // The user has not seen the time that an age comes to, and a time without a zone may have been meant in another zone.
  const where = target.kind === "time" ? ` to what came at ${instant(target.time)} or later` : "";
  return `Reset of ${topic}${where}\n${table(["partition", "old", "new", "records", ""], rows)}`;
}
