import process from "node:process";
import { styleText } from "node:util";
import { escapeControls } from "./escape.ts";
import { isJsonLog, logEvent } from "./log.ts";
import { printError } from "./print.ts";
import { asCalled } from "./program.ts";

/** Prints a warning on stderr; the command goes on. */
export function warn(sentence: string): void {
  if (isJsonLog()) return logEvent("warn", "warning", { message: asCalled(sentence) });
  printError(`${styleText("yellow", "warning:", { stream: process.stderr })} ${escapeControls(sentence)}`);
}
