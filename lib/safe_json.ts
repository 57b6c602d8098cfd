/**
 * Characters that control a terminal (ESC and the like) or make it show something else (bidi, zero-width and other
 * invisible ones, lone surrogates), for a character class in a regular expression with the flag u.
 */
export const UNSAFE = String.raw`\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}`;
export const UNSAFE_CHARACTERS = new RegExp(`[${UNSAFE}]`, "gu");

/** `value` as JSON that is safe to show on a terminal: {@linkcode UNSAFE_CHARACTERS} become JSON escapes. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE_CHARACTERS, escaped);
}

function escaped(character: string): string {
  return character.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
}
