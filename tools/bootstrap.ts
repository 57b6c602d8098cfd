import { createInterface } from "node:readline/promises";
import process from "node:process";
import { object } from "@optique/core/constructs";
import { option } from "@optique/core/primitives";
import { escapeControls } from "../lib/cli/escape.ts";
import { main } from "../lib/cli/main.ts";
import { line, parseArgs } from "../lib/cli/parse.ts";
import { print } from "../lib/cli/print.ts";
import { storageFlag, storageSetting } from "../lib/cli/settings.ts";
import { warn } from "../lib/cli/warn.ts";
import { EXIT, Failure } from "../lib/errors.ts";
import { editStorage, type StorageEdit } from "../lib/files/store/edit_storage.ts";
import { setStorageAside } from "../lib/files/store/set_aside.ts";

const USERS = [["alice", "paid"], ["bob", "unpaid"], ["carol", "paid"]] as const;
const ITEMS = [["book", 10], ["pen", 50], ["notebook", 20]] as const;

const parser = object({
  force: option("--force", { description: line("Move the present files to storage/backup-TIME/ and start over") }),
  yes: option("--yes", { description: line("Do not ask") }),
  ...storageFlag,
});

/**
 * Creates the storage folder with the sample users and items; existing rows stay as they are.
 *
 * Permissions: read and write of the storage folder; env STORAGE_DIR.
 */
export async function run(args: readonly string[]): Promise<void> {
  const options = parseArgs(parser, args, {
    name: "bootstrap",
    brief: "Creates the sample users and items; existing rows stay as they are.",
    examples: ["deno task bootstrap", "deno task bootstrap --force --yes"],
  });
  const folder = storageSetting(options);
  if (options.force) await startOver(folder, options.yes);
  const added = await editStorage(folder, addSamples, { warn, create: true });
  const shown = escapeControls(folder);
  print(added.length === 0 ? `Nothing to add in ${shown}` : `Added to ${shown}: ${added.join(", ")}`);
}

async function addSamples({ users, ledger }: StorageEdit): Promise<string[]> {
  const newUsers = USERS.filter(([user]) => users.row(user) === undefined);
  for (const [user, status] of newUsers) users.append({ user, status });
  const newItems = ITEMS.filter(([item]) => ledger.item(item) === undefined);
  await ledger.edit(newItems.map(([item, set]) => ({ item, set, by: "bootstrap" as const })));
  return [...newUsers, ...newItems].map(([name, value]) => `${name} ${value}`);
}

async function startOver(folder: string, yes: boolean): Promise<void> {
  if (!yes && !(await confirm(folder))) {
    throw new Failure(EXIT.usage, `Starting ${folder} over needs a yes: answer the question, or pass --yes`);
  }
  const backup = await setStorageAside(folder);
  if (backup !== undefined) print(`Moved the old files to ${escapeControls(backup)}`);
}

async function confirm(folder: string): Promise<boolean> {
  if (!Deno.stdin.isTerminal()) return false;
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await lines.question(
    `Start ${escapeControls(folder)} over? All accepted orders are set aside. [y/N] `,
  );
  lines.close();
  return /^y(es)?$/i.test(answer.trim());
}

if (import.meta.main) await main((args) => run(args));
