import assert from "node:assert/strict";
import { join } from "node:path";

/**
 * Makes the change that a `diff` block shows in a checkout. A line `--- FILE` names the file; `@@` separates places in
 * it. Each place is found by its text, which has to be in the file once. Permissions: read, write.
 */
export function applyDiff(folder: string, lines: readonly string[], place: string): void {
  let file = "";
  let hunk: string[] = [];
  const apply = () => {
    if (hunk.some((line) => /^[+-]/.test(line))) replaceOnce(join(folder, file), hunk, place);
    hunk = [];
  };
  for (const line of lines) {
    const named = /^--- (\S+)$/.exec(line)?.[1];
    if (named === undefined && line !== "@@") hunk.push(line);
    else apply();
    if (named !== undefined) file = named;
  }
  apply();
}

function replaceOnce(path: string, hunk: readonly string[], place: string): void {
  const side = (sign: string) => hunk.filter((line) => !line.startsWith(sign)).map((line) => line.slice(1)).join("\n");
  const [before, after] = [side("+"), side("-")];
  const parts = Deno.readTextFileSync(path).split(before);
  assert.equal(parts.length, 2, `${place}: these lines are not in ${path} once:\n${before}`);
  Deno.writeTextFileSync(path, parts.join(after));
}
