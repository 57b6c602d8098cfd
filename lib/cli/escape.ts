import { showBlanks } from "../blank_edge.ts";
import { UNSAFE_CHARACTERS } from "../safe_json.ts";

/** The longest valid name; what is longer is cut where it is shown. */
const MAX_SHOWN = 256;

/** `text` on one line, with every character that could drive or deceive a terminal as `\u{…}`. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE_CHARACTERS, (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`);
}

/** A value somebody sent, fit to be shown: escaped, in quotes where it has blanks at an edge, cut after 256 characters. */
export function shown(value: string): string {
  const rest = value.length - MAX_SHOWN;
  return rest <= 0
    ? escapeControls(showBlanks(value))
    : `${escapeControls(value.slice(0, MAX_SHOWN))}… (${rest} more characters)`;
}
