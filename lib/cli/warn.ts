import process from "node:process";
import { styleText } from "node:util";
import { escapeControls } from "./escape.ts";

/** Tells a person something they should know, on stderr, without ending the command. */
export function warn(sentence: string): void {
  console.error(`${styleText("yellow", "warning:", { stream: process.stderr })} ${escapeControls(sentence)}`);
}
