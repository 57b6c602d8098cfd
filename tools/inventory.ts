import { object, or } from "@optique/core/constructs";
import { command, constant, option } from "@optique/core/primitives";
import { integer, string } from "@optique/core/valueparser";
import { quoted, showBlanks } from "../lib/blank_edge.ts";
import { printJsonLines } from "../lib/cli/json_lines.ts";
import { main } from "../lib/cli/main.ts";
import { line, parseArgs } from "../lib/cli/parse.ts";
import { print } from "../lib/cli/print.ts";
import { storageFlag, storageSetting } from "../lib/cli/settings.ts";
import { printTable } from "../lib/cli/table.ts";
import { unknownName } from "../lib/cli/unknown_name.ts";
import { warn } from "../lib/cli/warn.ts";
import { EXIT, Failure } from "../lib/errors.ts";
import { editStorage } from "../lib/files/store/edit_storage.ts";
import { viewStorage } from "../lib/files/store/view_storage.ts";
import { isValidName, MAX_QUANTITY } from "../lib/order.ts";

const item = option("--item", string({ metavar: "NAME" }), { description: line("The item's name") });
const quantity = option("--quantity", integer({ min: 0, max: MAX_QUANTITY, metavar: "N" }), {
  description: line("Quantity in stock from now on"),
});
const json = option("--json", { description: line("Print JSON") });

const parser = or(
  command("show", object({ action: constant("show"), json, ...storageFlag }), {
    description: line("Show all items and their quantities"),
  }),
  command("add", object({ action: constant("add"), item, quantity, ...storageFlag }), {
    description: line("Add a new item"),
  }),
  command("update", object({ action: constant("update"), item, quantity, ...storageFlag }), {
    description: line("Set the quantity of an item"),
  }),
  { errors: { noMatch: line("Say what to do: show, add or update.") } },
);

/**
 * Shows or edits `inventory.csv`, also while a consumer runs. Once an edit returns it is journalled and on the disk.
 *
 * Permissions: read and write of the storage folder; env STORAGE_DIR.
 */
export async function run(args: readonly string[], stop: AbortSignal): Promise<void> {
  const options = parseArgs(parser, args, {
    name: "inventory",
    brief: "Shows or edits the stock (storage/inventory.csv).",
    examples: [
      "deno task inventory show",
      "deno task inventory add --item laptop --quantity 5",
      "deno task inventory update --item pen --quantity 100",
    ],
  });
  const folder = storageSetting(options);
  if (options.action === "show") return await show(folder, { json: options.json, stop });
  const { action, item: name, quantity: set } = options;
  requireName(name);
  const was = await editStorage(folder, async ({ ledger }) => {
    const known = ledger.item(name);
    if (action === "add" && known) {
      throw new Failure(EXIT.usage, `The item ${quoted(name)} exists; change it with update`);
    }
    if (action === "update" && !known) throw unknownName("item", name, ledger.stock.values().map(({ item }) => item));
    await ledger.edit([{ item: name, set, by: "tool" }]);
    return known?.quantity;
  }, { warn });
  const shown = showBlanks(name);
  print(was === undefined ? `Added item ${shown}: ${set}` : `Updated item ${shown}: ${was} -> ${set}`);
}

async function show(folder: string, { json, stop }: { json: boolean; stop: AbortSignal }): Promise<void> {
  const items = [...(await viewStorage(folder, warn)).stock.values()];
  if (json) return await printJsonLines([items.map(({ item, quantity }) => ({ item, quantity }))], stop);
  await printTable(["item", "quantity"], items.map(({ item, quantity }) => [item, quantity]), {
    things: "items",
    stop,
  });
}

function requireName(name: string): void {
  if (isValidName(name)) return;
  throw new Failure(EXIT.usage, "A name has 1-256 characters, none of them invisible or a control character (--item)");
}

if (import.meta.main) await main(run);
