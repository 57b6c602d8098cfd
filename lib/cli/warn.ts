import process from "node:process";
import { styleText } from "node:util";
import { escapeControls } from "./escape.ts";
import { printError } from "./print.ts";

/** Tells a person something they should know, on stderr, without ending the command. */
export function warn(sentence: string): void {
  printError(`${styleText("yellow", "warning:", { stream: process.stderr })} ${escapeControls(sentence)}`);
}
