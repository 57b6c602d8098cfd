/**
 * Characters that drive a terminal (controls, ESC among them) or make it show what is not there (bidi, zero-width and
 * other invisible ones, lone surrogates), for a class of a regular expression with the flag u.
 */
export const UNSAFE = String.raw`\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}`;
export const UNSAFE_CHARACTERS = new RegExp(`[${UNSAFE}]`, "gu");

/** `value` as JSON that can be shown on a terminal: {@linkcode UNSAFE_CHARACTERS} are written as JSON's own escapes. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE_CHARACTERS, escaped);
}

function escaped(character: string): string {
  return character.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
}
