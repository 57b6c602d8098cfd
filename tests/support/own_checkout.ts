import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { CHECKOUT, DEFAULT_DATA_DIR } from "../../tools/stack/folders.ts";
import { jarsFolder } from "../../tools/stack/jars.ts";

/**
 * What is not shared with the real checkout: its data, what Deno might write into, and where texts are imported from: through a
 * link they need the right to be read.
 */
const OWN = ["storage", ".stack", ".git", "deno.json", "deno.lock", "lib", "tools"];

/** A checkout with a storage and a stack of its own, for commands that take no folder; removed when disposed. */
export function ownCheckout(): { folder: string } & Disposable {
  const folder = Deno.makeTempDirSync({ prefix: "orders-checkout-" });
  for (const { name } of Deno.readDirSync(CHECKOUT)) {
    if (!OWN.includes(name)) Deno.symlinkSync(join(CHECKOUT, name), join(folder, name));
  }
  copy(["deno.json", "deno.lock", "lib", "tools"], folder);
  Deno.mkdirSync(join(folder, ".stack"));
  for (const { name } of Deno.readDirSync(join(CHECKOUT, ".stack"))) { // there, as the tests' own stack runs from them
    if (name.startsWith("jars-")) Deno.symlinkSync(join(CHECKOUT, ".stack", name), join(folder, ".stack", name));
  }
  return { folder, [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }) };
}

/** What the commands are made of. */
const FILES = ["deno.json", "deno.lock", "lib", "tools", "producer.ts", "consumer.ts", "replay.ts"];

/** Copies the checkout's commands, and links its jars, which are the same in each. */
export async function copyCheckout(to: string): Promise<void> {
  Deno.mkdirSync(to);
  copy(FILES, to);
  const jars = await jarsFolder(DEFAULT_DATA_DIR);
  const there = jars.replace(CHECKOUT, to);
  Deno.mkdirSync(dirname(there), { recursive: true });
  Deno.symlinkSync(jars, there);
}

function copy(names: readonly string[], to: string): void {
  const { success } = new Deno.Command("cp", { args: ["-r", ...names, to], cwd: CHECKOUT }).outputSync();
  assert.ok(success);
}
