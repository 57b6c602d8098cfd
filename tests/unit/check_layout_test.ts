import assert from "node:assert/strict";
import { check, findCircle } from "../../tools/check_layout.ts";

// In pieces, for the check reads this file too.
const META_URL = "import.meta" + ".url";
const PATHNAME = ").path" + "name";
const FETCH = "fetch" + "(";

Deno.test("check() refuses a URL's path instead of a file's", { permissions: "none" }, () => {
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

Deno.test("check() lets a room import those below it and no other", { permissions: "none" }, () => {
  const source = (target: string) => `import { x } from "../${target}";\n`;
  assert.deepEqual(check("lib/files/store/x.ts", source("log/order_log.ts")), []);
  for (const target of ["store/file_store.ts", "index/identity_index.ts"]) {
    assert.deepEqual(check("lib/files/log/x.ts", source(target)), [
      `lib/files/log/x.ts must not import lib/files/${target}`,
    ]);
  }
  assert.equal(check("lib/kafka/client/x.ts", 'import { x } from "../../files/disk/locks.ts";\n').length, 1);
});

Deno.test(
  "check() keeps the drills to themselves, and their careless consumer to itself",
  { permissions: "none" },
  () => {
    const source = (target: string) => `import { x } from "${target}";\n`;
    for (const path of ["consumer.ts", "tools/x.ts", "lib/kafka/client/x.ts", "bench/x.ts"]) {
      const up = "../".repeat(path.split("/").length - 1) || "./";
      assert.deepEqual(check(path, source(`${up}drill/world.ts`)), [`${path} must not import drill/world.ts`]);
    }
    assert.deepEqual(check("drill/x.ts", source("./world.ts")), []);
    assert.deepEqual(check("tools/completions.ts", source("../drill/drill.ts")), []);
    assert.equal(check("tools/completions.ts", source("../drill/world.ts")).length, 1);
    assert.deepEqual(check("tests/unit/drill/x.ts", source("../../../drill/world.ts")), []);
    for (const path of ["drill/x.ts", "tests/x.ts", "tools/x.ts"]) {
      const naive = "drill/naive_consumer.ts";
      assert.deepEqual(check(path, source(`../${naive}`)), [`${path} must not import ${naive}`]);
    }
  },
);

Deno.test("check() raises the alarms of a file and of a function", { permissions: "none" }, () => {
  const body = (lines: number) => "  x();\n".repeat(lines);
  assert.deepEqual(check("lib/x.ts", `function f() {\n${body(48)}}\n`), []);
  assert.deepEqual(check("lib/x.ts", `export async function f(\n  y: number,\n): Promise<void> {\n${body(47)}}\n`), [
    "lib/x.ts:1 has a function of 51 lines, more than 50",
  ]);
  assert.deepEqual(check("lib/x.ts", `class X {\n  async *#f() {\n${body(49).replaceAll("  x", "    x")}  }\n}\n`), [
    "lib/x.ts:2 has a function of 51 lines, more than 50",
  ]);
  assert.deepEqual(check("lib/x.ts", "x;\n".repeat(251)), ["lib/x.ts has 251 lines, more than 250"]);
});

Deno.test(
  "check() looks at the scripts of the page too, and lets one of them ask its server",
  { permissions: "none" },
  () => {
    const long = `export function f() {\n${"  x();\n".repeat(49)}}\n`;
    assert.equal(check("tools/dashboard/page/x.js", long).length, 1);
    assert.equal(check("tools/dashboard/page/x.js", `await ${FETCH}url);`).length, 1);
    assert.deepEqual(check("tools/dashboard/page/connection.js", `await globalThis.${FETCH}url);`), []);
    assert.deepEqual(check("tools/dashboard/page/x.js", "const body = JSON.stringify({ action });"), []);
  },
);

Deno.test("findCircle() names the files of a circle", { permissions: "none" }, () => {
  assert.equal(findCircle(new Map([["a", ["b", "c"]], ["b", ["c"]], ["c", []]])), undefined);
  assert.deepEqual(findCircle(new Map([["a", ["b"]], ["b", ["c"]], ["c", ["b"]]])), ["b", "c", "b"]);
});
