/** White space, no-break spaces included, and the Braille cell without dots, which looks like it. */
const BLANK = String.raw`[\s\u2800]`;
const FIRST = new RegExp(`^${BLANK}`);
const LAST = new RegExp(`${BLANK}$`);
/** Blanks that a person takes for an ordinary space. */
const ODD_BLANKS = /[^\S ]|\u2800/g;
/** The longest valid name; longer ones are cut when shown. */
const MAX_SHOWN = 256;

/** Names an invisible blank at the start or end of a text, as in "ends with a blank"; undefined if there is none. */
export function blankEdge(text: string): string | undefined {
  const [first, last] = [FIRST.test(text), LAST.test(text)];
  if (!first && !last) return undefined;
  return first && last ? "begins and ends with a blank" : first ? "begins with a blank" : "ends with a blank";
}

/** `text` in quotes, cut after 256 characters, with every blank but a plain space as `\u{…}`. */
export function quoted(text: string): string {
  const { start, rest } = cut(text);
  return `"${start.replace(ODD_BLANKS, codePointOf)}"${rest}`;
}

/**
 * A name or status as shown to people: {@linkcode quoted} if it is empty or has blanks at an edge, and cut like that.
 */
export function showBlanks(text: string): string {
  if (text === "" || blankEdge(text) !== undefined) return quoted(text);
  const { start, rest } = cut(text);
  return start + rest;
}

/** A character as `\u{…}`. */
export function codePointOf(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}

function cut(text: string): { start: string; rest: string } {
  const more = text.length - MAX_SHOWN;
  if (more <= 0) return { start: text, rest: "" };
  return { start: `${text.slice(0, MAX_SHOWN)}…`, rest: ` (${more} more characters)` };
}
