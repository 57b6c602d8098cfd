import type { OffsetChange, Settlement } from "../offset_changes.ts";
import { instant } from "../reset_target.ts";
import { warn } from "./warn.ts";

/** Tells a person how changes of offsets ended that had been killed. */
export function warnOfSettled(changes: readonly (OffsetChange & { settlement: Settlement })[]): void {
  for (const { to, topic, group, madeAt, settlement } of changes) {
    const how = settlement === "undone" ? "and has been undone" : "after it had taken effect";
    warn(`The reset of ${group} in ${topic} to ${to} was interrupted at ${instant(madeAt)}, ${how}`);
  }
}
