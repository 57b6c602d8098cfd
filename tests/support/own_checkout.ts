import { cpSync } from "node:fs";
import { join } from "node:path";
import { CHECKOUT } from "../../tools/stack/folders.ts";
/** What is not shared with the real checkout: its data, and what Deno might write into. */
const OWN = ["storage", ".stack", ".git", "deno.json", "deno.lock"];

/** A checkout with a storage and a stack of its own, for commands that take no folder; removed when disposed. */
export function ownCheckout(): { folder: string } & Disposable {
  const folder = Deno.makeTempDirSync({ prefix: "orders-checkout-" });
  for (const { name } of Deno.readDirSync(CHECKOUT)) {
    const [from, to] = [join(CHECKOUT, name), join(folder, name)];
    // What is imported as text may be read without a permission only where it lies beside who imports it.
    if (name === "lib") cpSync(from, to, { recursive: true });
    else if (!OWN.includes(name)) Deno.symlinkSync(from, to);
  }
  for (const name of ["deno.json", "deno.lock"]) Deno.copyFileSync(join(CHECKOUT, name), join(folder, name));
  Deno.mkdirSync(join(folder, ".stack"));
  for (const { name } of Deno.readDirSync(join(CHECKOUT, ".stack"))) { // there, as the tests' own stack runs from them
    if (name.startsWith("jars-")) Deno.symlinkSync(join(CHECKOUT, ".stack", name), join(folder, ".stack", name));
  }
  return { folder, [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }) };
}
