import { object, or } from "@optique/core/constructs";
import { command, constant, option } from "@optique/core/primitives";
import { integer, string } from "@optique/core/valueparser";
import { quoted, showBlanks } from "../lib/blank_edge.ts";
import { printJsonLines } from "../lib/cli/json_lines.ts";
import { main } from "../lib/cli/main.ts";
import { line, parseArgs } from "../lib/cli/parse.ts";
import { print } from "../lib/cli/print.ts";
import { printTable } from "../lib/cli/table.ts";
import { unknownName } from "../lib/cli/unknown_name.ts";
import { EXIT, Failure } from "../lib/errors.ts";
import { isValidName, MAX_QUANTITY } from "../lib/order.ts";
import type { StoreAdmin } from "../lib/store_admin.ts";
import { storeFlags, storeSetting, withStore } from "./open_store.ts";

const item = option("--item", string({ metavar: "NAME" }), { description: line("The item's name") });
const quantity = option("--quantity", integer({ min: 0, max: MAX_QUANTITY, metavar: "N" }), {
  description: line("Quantity in stock from now on"),
});
const json = option("--json", { description: line("Print JSON") });

const parser = or(
  command("show", object({ action: constant("show"), json, ...storeFlags }), {
    description: line("Show all items and their quantities"),
  }),
  command("add", object({ action: constant("add"), item, quantity, ...storeFlags }), {
    description: line("Add a new item"),
  }),
  command("update", object({ action: constant("update"), item, quantity, ...storeFlags }), {
    description: line("Set the quantity of an item"),
  }),
  { errors: { noMatch: line("Say what to do: show, add or update.") } },
);

/**
 * Shows or edits the stock, also while consumers run. An edit that returns is journalled and durable.
 *
 * Permissions: those of `withStore`.
 */
export async function run(args: readonly string[], stop: AbortSignal): Promise<void> {
  const options = parseArgs(parser, args, {
    name: "inventory",
    brief: "Shows or edits the stock (storage/inventory.csv, or the database).",
    examples: [
      "deno task inventory show",
      "deno task inventory add --item laptop --quantity 5",
      "deno task inventory update --item pen --quantity 100",
    ],
  });
  if (options.action === "show") {
    return await withStore(storeSetting(options), (store) => show(store, { json: options.json, stop }));
  }
  const { action, item: name, quantity: set } = options;
  requireName(name);
  const outcome = await withStore(storeSetting(options), (store) => store.editItem({ action, name, quantity: set }));
  if (!outcome.done) {
    if (action === "update") throw unknownName("item", name, outcome.names);
    throw new Failure(EXIT.usage, `The item ${quoted(name)} exists; change it with deno task inventory update`);
  }
  const { was } = outcome;
  const shown = showBlanks(name);
  print(was === undefined ? `Added item ${shown}: ${set}` : `Updated item ${shown}: ${was} -> ${set}`);
}

async function show(store: StoreAdmin, { json, stop }: { json: boolean; stop: AbortSignal }): Promise<void> {
  const items = await store.items();
  if (json) return await printJsonLines([items.map(({ name, quantity }) => ({ item: name, quantity }))], stop);
  await printTable(["item", "quantity"], items.map(({ name, quantity }) => [name, quantity]), {
    things: "items",
    stop,
  });
}

function requireName(name: string): void {
  if (isValidName(name)) return;
  throw new Failure(EXIT.usage, "A name has 1-256 characters, none of them invisible or a control character (--item)");
}

if (import.meta.main) await main(run);
