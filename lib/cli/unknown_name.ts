import { findSimilar } from "@optique/core/suggestion";
import { quoted } from "../blank_edge.ts";
import { EXIT, Failure } from "../errors.ts";

/** Letters changed, added or left out that still may be a slip. */
const MAX_SLIPS = 2;
/** Longest name to look for others like it: the time it takes grows with its square, and the storage is locked. */
const MAX_LENGTH = 64;

/** The usage {@linkcode Failure} for a name that is none of `known`, with the nearest of those where one is near. */
export function unknownName(kind: "user" | "item", name: string, known: Iterable<string>): Failure {
  const alike = [...known].filter(({ length }) => Math.abs(length - name.length) <= MAX_SLIPS);
  const [nearest] = name.length > MAX_LENGTH ? [] : findSimilar(name, alike, { maxDistance: MAX_SLIPS });
  const advice = nearest === undefined ? "; add it with add" : `. Did you mean ${quoted(nearest)}?`;
  return new Failure(EXIT.usage, `There is no ${kind} ${quoted(name)}${advice}`);
}
