import { stripVTControlCharacters } from "node:util";
import { safeJson } from "../safe_json.ts";
import { logLinesAs, printEntry, printLastWords } from "./print.ts";

export type Level = "info" | "warn" | "error";

/** The field `event` of each line of a JSON log. */
export type LogEvent =
  /** A sentence for a person, in the field `message`. */
  | "message"
  | "warning"
  /** A verdict on one record. */
  | "accepted"
  | "rejected"
  | "redelivered"
  | "dead_letter"
  /** Counts of the verdicts since the last such line. */
  | "progress"
  | "joined"
  | "outage"
  | "recovered"
  | "stopped"
  | "failed";

let isOn = false;

/** Whether output is a JSON log. */
export function isJsonLog(): boolean {
  return isOn;
}

/**
 * From now on, writes everything that is printed to stderr as a JSON log: an object per line with `time`, `level` and
 * `event`, then what belongs to the event. Stdout stays empty.
 */
export function useJsonLog(): void {
  isOn = true;
  logLinesAs((line) => entry("info", "message", { message: line }));
}

/** Adds a line to the JSON log. */
export function logEvent(level: Level, event: LogEvent, fields: Record<string, unknown>): void {
  printEntry(entry(level, event, fields));
}

/** The last line of the JSON log. */
export function logLastWords(fields: Record<string, unknown>): void {
  printLastWords(entry("error", "failed", fields));
}

function entry(level: Level, event: LogEvent, { message, ...fields }: Record<string, unknown>): string {
  const time = new Date().toISOString();
  const text = typeof message === "string" ? stripVTControlCharacters(message) : undefined;
  return safeJson({ time, level, event, message: text, ...fields });
}
