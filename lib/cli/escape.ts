import { codePointOf, showBlanks } from "../blank_edge.ts";
import { UNSAFE_CHARACTERS } from "../safe_json.ts";

/** `text` on one line, with every character that could control or deceive a terminal as `\u{…}`. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE_CHARACTERS, codePointOf);
}

/** A value somebody sent, made safe to show: escaped, quoted if it has blanks at an edge, cut after 256 characters. */
export function shown(value: string): string {
  return escapeControls(showBlanks(value));
}
