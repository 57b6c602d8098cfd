// Controls (ESC among them) drive a terminal; bidi and zero-width characters make it show what is not there.
const UNSAFE = /[\p{Cc}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;

/** `text` on one line, with every character that could drive or deceive a terminal as `\u{…}`. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`);
}
