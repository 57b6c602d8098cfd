/** White space, no-break spaces included, and the Braille cell without dots, which looks like it. */
const BLANK = String.raw`[\s\u2800]`;
const FIRST = new RegExp(`^${BLANK}`);
const LAST = new RegExp(`${BLANK}$`);
/** Blanks that a person takes for the one on the space bar. */
const ODD_BLANKS = /[^\S ]|\u2800/g;
/** The longest valid name; what is longer is cut where it is quoted. */
const MAX_QUOTED = 256;

/** How a text begins or ends where nobody sees it, as in "ends with a blank"; undefined where it does not. */
export function blankEdge(text: string): string | undefined {
  const [first, last] = [FIRST.test(text), LAST.test(text)];
  if (!first && !last) return undefined;
  return first && last ? "begins and ends with a blank" : first ? "begins with a blank" : "ends with a blank";
}

/** `text` in quotes, cut after 256 characters, with every blank but a plain space as `\u{…}`. */
export function quoted(text: string): string {
  const rest = text.length - MAX_QUOTED;
  const shown = text.slice(0, MAX_QUOTED).replace(ODD_BLANKS, (blank) => `\\u{${blank.codePointAt(0)!.toString(16)}}`);
  return rest <= 0 ? `"${shown}"` : `"${shown}…" (${rest} more characters)`;
}

/** A name or status as people are shown it: as it is, but {@linkcode quoted} where it is empty or has blanks at an edge. */
export function showBlanks(text: string): string {
  return text === "" || blankEdge(text) !== undefined ? quoted(text) : text;
}
