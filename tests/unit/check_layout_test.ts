import assert from "node:assert/strict";
import { check } from "../../tools/check_layout.ts";

// In pieces, for the check reads this file too.
const META_URL = "import.meta" + ".url";
const PATHNAME = ").path" + "name";
const FETCH = "fetch" + "(";

Deno.test("check() refuses a URL's path in place of a file's", { permissions: "none" }, () => {
  const wrong = [
    `const ROOT = new URL("..", ${META_URL}${PATHNAME};`,
    `const script = new URL(Deno.mainModule${PATHNAME};`,
    `readFile(fromFileUrl(${META_URL}));`,
  ];
  for (const source of wrong) {
    assert.match(check("tools/x.ts", source).join(), /^tools\/x\.ts .*: use import\.meta\.dirname$/);
  }
  const fine = 'join(import.meta.dirname!, ".."); const { pathname } = new URL(request.url);';
  assert.deepEqual(check("tools/x.ts", fine), []);
});

Deno.test("check() refuses a plain fetch but in the one file that asks the registry", { permissions: "none" }, () => {
  for (const source of [`await ${FETCH}url);`, `return globalThis.${FETCH}url);`, `\n  ${FETCH}url, {});`]) {
    assert.match(check("tests/support/x.ts", source).join(), /^tests\/support\/x\.ts must ask by lib\/avro\/\w+\.ts/);
    assert.deepEqual(check("lib/avro/registry_http.ts", source), []);
  }
  assert.deepEqual(check("lib/kafka/x.ts", "cluster.fetch(); this.#fetch(1); prefetch();"), []);
});
