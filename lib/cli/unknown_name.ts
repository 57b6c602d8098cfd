import { findSimilar } from "@optique/core/suggestion";
import { quoted } from "../blank_edge.ts";
import { EXIT, Failure } from "../errors.ts";

/** Letters changed, added or missing that may still be a typo. */
const MAX_SLIPS = 2;
/** The longest name compared with others: the time grows with its square, and the storage is locked meanwhile. */
const MAX_LENGTH = 64;

const ADD = { user: "deno task user add", item: "deno task inventory add" } as const;

/** The usage {@linkcode Failure} for a name not in `known`, suggesting the nearest one if any is close. */
export function unknownName(kind: "user" | "item", name: string, known: Iterable<string>): Failure {
  const alike = [...known].filter(({ length }) => Math.abs(length - name.length) <= MAX_SLIPS);
  const [nearest] = name.length > MAX_LENGTH ? [] : findSimilar(name, alike, { maxDistance: MAX_SLIPS });
  const advice = nearest === undefined ? `; add it with ${ADD[kind]}` : `. Did you mean ${quoted(nearest)}?`;
  return new Failure(EXIT.usage, `There is no ${kind} ${quoted(name)}${advice}`);
}
