import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { CHECKOUT } from "../../../tools/stack/folders.ts";

/** Those of the checkout, not of packages or of what runs. */
function pagesIn(folder: string): string[] {
  return [...Deno.readDirSync(join(CHECKOUT, folder))].flatMap(({ name, isDirectory }) => {
    const path = join(folder, name);
    if (isDirectory) return name.startsWith(".") ? [] : pagesIn(path);
    return name.endsWith(".md") ? [path] : [];
  });
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path) !== undefined;
  } catch {
    return false;
  }
}

Deno.test("every link of a page to a file of the checkout leads somewhere", () => {
  const pages = [...pagesIn("docs"), "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "storage/README.md"];
  assert.ok(pages.length > 20);
  for (const page of pages) {
    const links = Deno.readTextFileSync(join(CHECKOUT, page)).matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g);
    for (const [, target] of links) {
      if (/^[a-z]+:/.test(target)) continue;
      assert.ok(exists(join(CHECKOUT, dirname(page), target)), `${page} links to ${target}, which is not there`);
    }
  }
});
