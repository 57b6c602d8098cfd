import { parseResetTarget, type ResetTarget } from "../reset_target.ts";
import { env } from "./environment.ts";
import { shown } from "./escape.ts";
import { warn } from "./warn.ts";

/**
 * {@linkcode parseResetTarget} for a flag. Warns if TZ names a zone that the system does not know, because a local time
 * would then silently count as UTC. Permission: env TZ.
 */
export function parseTimeFlag(text: string, now: number): ResetTarget | undefined {
  const target = parseResetTarget(text, now);
  const isLocal = target?.kind === "time" && /^\d{4}-\d{2}-\d{2}([T ][\d:.]+)?$/.test(text); // without a zone
  const zone = isLocal ? env("TZ") : undefined;
  if (zone !== undefined && isTakenForUtc(zone)) {
    warn(`TZ=${shown(zone)} is not a time zone known here: ${text} is taken for UTC`);
  }
  return target;
}

/** Whether `zone`, the value of TZ, is treated as UTC without being a name for it. */
function isTakenForUtc(zone: string): boolean {
  if (/(^|[:/])(UTC|UCT|GMT|Zulu|Universal|Greenwich)([+-]?0)?$/.test(zone)) return false;
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  if (timeZone !== undefined && timeZone !== "UTC" && timeZone !== "Etc/Unknown") return false;
  return [0, 6].every((month) => new Date(2026, month).getTimezoneOffset() === 0); // a TZ that is a file has no name but works
}
