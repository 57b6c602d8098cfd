import { findSimilar } from "@optique/core/suggestion";

/** Letters changed, added or missing that may still be a typo. */
const MAX_SLIPS = 2;

/** `. Did you mean X?`, to end a sentence about a word that is none of `known` but close to one; else nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const [nearest] = findSimilar(word, known, { maxDistance: MAX_SLIPS });
  return nearest === undefined || nearest === word ? "" : `. Did you mean \`${nearest}\`?`;
}
