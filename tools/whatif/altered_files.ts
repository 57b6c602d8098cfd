import type { StockAlteration } from "../../lib/altered_stock.ts";
import { quoted } from "../../lib/blank_edge.ts";
import { warn } from "../../lib/cli/warn.ts";
import { EXIT, Failure } from "../../lib/errors.ts";
import { parseInventory } from "../../lib/files/csv/inventory_file.ts";
import { parseUsers } from "../../lib/files/csv/users_file.ts";
import { oddUsers } from "../../lib/odd_users.ts";
import type { User } from "../../lib/order.ts";
import type { StoreContents } from "../../lib/store_admin.ts";

/** The users in a file like `users.csv`. Throws a `Failure`: 78 missing, 65 does not parse. Permission: read. */
export function alteredUsers(path: string): ReadonlyMap<string, User> {
  const { users } = parseUsers(readFile(path, "--users"), path);
  for (const sentence of oddUsers([...users.values()], path)) warn(sentence);
  return users;
}

/** The stock in a file like `inventory.csv`; likewise. */
export function alteredStock(path: string): StockAlteration {
  return parseInventory(readFile(path, "--inventory"), path).rows;
}

/** The `as_of` of the items that have one. */
export function numbersIn(stock: StockAlteration): ReadonlyMap<string, number> {
  return new Map([...stock].flatMap(([key, { asOf }]) => asOf === undefined ? [] : [[key, asOf] as const]));
}

/** Throws a {@linkcode Failure} (65) where the store cannot tell what its stock was as of these numbers. */
export function requireKnown(path: string, stock: StockAlteration, { stockAsOf }: StoreContents): void {
  for (const [key, { item, asOf }] of stock) {
    if (asOf === undefined || stockAsOf?.has(key)) continue;
    const remedy = "leave as_of blank for what the item was created with";
    const why = stockAsOf === undefined
      ? "as_of is a number of a storage folder, and a database has none"
      : `the store no longer knows its stock as of number ${asOf}, or has no such number`;
    throw new Failure(EXIT.data, `${path}: ${quoted(item)}: ${why}; ${remedy}`);
  }
}

function readFile(path: string, flag: string): Uint8Array {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    throw new Failure(EXIT.config, `Cannot read ${path} (${flag}): ${whyNot(error)}`, { cause: error });
  }
}

function whyNot(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "it is not there";
  if (error instanceof Deno.errors.NotCapable) {
    return "this task is granted its storage folder only: put it there";
  }
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder";
  return error instanceof Error ? error.message : String(error);
}
