import assert from "node:assert/strict";
import { join } from "node:path";
import { CHECKOUT } from "../../tools/stack/folders.ts";

function read(name: string) {
  return JSON.parse(Deno.readTextFileSync(join(CHECKOUT, name)));
}

Deno.test("deno.json denies each build script of a dependency by name, or the first run warns of it", () => {
  const packages: [string, { scripts?: boolean }][] = Object.entries(read("deno.lock").npm);
  const withScripts = packages.filter(([, { scripts }]) => scripts).map(([name]) =>
    `npm:${name.replace(/@[^@]+$/, "")}`
  );
  assert.ok(withScripts.length > 0, "no build script left: drop allowScripts");
  assert.deepEqual(read("deno.json").allowScripts, { deny: withScripts });
});
