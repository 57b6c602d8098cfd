import { object } from "@optique/core/constructs";
import { option } from "@optique/core/primitives";
import { confirm } from "../lib/cli/confirm.ts";
import { escapeControls } from "../lib/cli/escape.ts";
import { main } from "../lib/cli/main.ts";
import { line, parseArgs } from "../lib/cli/parse.ts";
import { print } from "../lib/cli/print.ts";
import { EXIT, Failure } from "../lib/errors.ts";
import type { StockItem, User } from "../lib/order.ts";
import type { StoreAdmin } from "../lib/store_admin.ts";
import { storeFlags, storeSetting, withStore } from "./open_store.ts";

const USERS = [
  { name: "alice", status: "paid" },
  { name: "bob", status: "unpaid" },
  { name: "carol", status: "paid" },
];
const ITEMS = [
  { name: "book", quantity: 10 },
  { name: "pen", quantity: 50 },
  { name: "notebook", quantity: 20 },
];

const parser = object({
  force: option("--force", {
    description: line(
      "Move the present files to storage/backup-TIME/, tables to the schema backup_TIME, and start over",
    ),
  }),
  yes: option("--yes", { description: line("Do not ask") }),
  ...storeFlags,
});

/**
 * Creates the store with the sample users and items; rows that are there already stay as they are.
 *
 * Permissions: those of `withStore`.
 */
export async function run(args: readonly string[]): Promise<void> {
  const options = parseArgs(parser, args, {
    name: "bootstrap",
    brief: "Creates the sample users and items; existing rows stay as they are.",
    examples: ["deno task bootstrap", "deno task bootstrap --force --yes"],
  });
  await withStore(storeSetting(options), (store) => options.force ? startOver(store, options.yes) : addSamples(store));
}

async function addSamples(store: StoreAdmin): Promise<void> {
  const { users, items } = await store.addMissing(USERS, ITEMS);
  const place = escapeControls(store.place);
  print(
    users.length + items.length === 0 ? `Nothing to add in ${place}` : `Added to ${place}: ${listed(users, items)}`,
  );
}

async function startOver(store: StoreAdmin, yes: boolean): Promise<void> {
  const { parts, place } = store;
  if (!yes && !(await confirm(`Start ${escapeControls(place)} over? All accepted orders are set aside.`))) {
    throw new Failure(EXIT.usage, `Starting ${place} over needs a yes: answer the question, or pass --yes`);
  }
  const backup = await store.startOver(USERS, ITEMS);
  if (backup !== undefined) print(`Moved the old ${parts} to ${escapeControls(backup)}`);
  print(`Added to ${escapeControls(place)}: ${listed(USERS, ITEMS)}`);
}

function listed(users: readonly User[], items: readonly StockItem[]): string {
  return [
    ...users.map(({ name, status }) => `${name} ${status}`),
    ...items.map((item) => `${item.name} ${item.quantity}`),
  ]
    .join(", ");
}

if (import.meta.main) await main((args) => run(args));
