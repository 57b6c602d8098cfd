import stringWidth from "string-width";
import { env } from "./environment.ts";

/** Taken for the width of a terminal that does not say how wide it is. */
const USUAL_COLUMNS = 80;

/** Whether a line on stderr can be redrawn in place: not in a file or a pipe, nor where a terminal is only typed on. */
export function canRedraw(): boolean {
  return Deno.stderr.isTerminal() && env("TERM") !== "dumb";
}

/** The terminal's width as of now; it may be resized at any time. */
export function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns || USUAL_COLUMNS;
  } catch {
    return USUAL_COLUMNS;
  }
}

/** The first of `texts` that is at most `columns` wide, else the beginning of the last one. */
export function fitted(texts: readonly string[], columns: number): string {
  const fitting = texts.find((text) => stringWidth(text) <= columns);
  if (fitting !== undefined) return fitting;
  const characters = [...texts.at(-1) ?? ""];
  while (stringWidth(characters.join("")) > columns) characters.pop();
  return characters.join("");
}
