import process from "node:process";
import { styleText } from "node:util";
import { escapeControls } from "./escape.ts";
import { printError } from "./print.ts";

/** Prints a warning on stderr; the command goes on. */
export function warn(sentence: string): void {
  printError(`${styleText("yellow", "warning:", { stream: process.stderr })} ${escapeControls(sentence)}`);
}
