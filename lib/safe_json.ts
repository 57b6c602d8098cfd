/**
 * Characters that drive a terminal (controls, ESC among them) or make it show what is not there (bidi, zero-width and
 * other invisible ones, lone surrogates). None of them is part of a valid name.
 */
export const UNSAFE_CHARACTERS = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** `value` as JSON that can be shown on a terminal: {@linkcode UNSAFE_CHARACTERS} are written as JSON's own escapes. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE_CHARACTERS, escaped);
}

function escaped(character: string): string {
  return character.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
}
