import type { StockItem, User } from "../order.ts";
import { editStorage } from "./edit_storage.ts";
import { parseInventory } from "./inventory_file.ts";
import { storageLayout } from "./layout.ts";
import { type LoggedOrder, OrderLog } from "./order_log.ts";
import { sealedRecords } from "./sealed_records.ts";
import { exists, requireFolder } from "./storage_folder.ts";
import { parseUsers } from "./users_file.ts";
import { unreadable } from "./watched_file.ts";

/** The users of `users.csv` as they are in the file now. Throws a {@linkcode Failure}: 78 missing, 65 damaged. */
export function readUsers(folder: string): User[] {
  const path = storageLayout(folder).users;
  return [...parseUsers(readFile(path), path).users.values()];
}

/** The rows of `inventory.csv` as they are in the file now. Throws a {@linkcode Failure}: 78 missing, 65 damaged. */
export function readStock(folder: string): StockItem[] {
  const path = storageLayout(folder).inventory;
  return [...parseInventory(readFile(path), path).rows.values()].map(({ item, quantity }) => ({
    name: item,
    quantity,
  }));
}

/**
 * The accepted orders in the log, oldest first. The end is fixed under the write lock at the call, so orders that are
 * accepted meanwhile are not among them. A damaged line is a {@linkcode Failure} (65) when it is reached.
 */
export async function readLoggedOrders(
  folder: string,
  warn: (sentence: string) => void,
): Promise<AsyncIterable<LoggedOrder>> {
  const layout = storageLayout(folder);
  requireFolder(layout);
  if (!exists(layout.orders)) return loggedOrders(folder, 0);
  const length = () => Deno.statSync(layout.orders).size;
  // As an edit of nothing, which sets aside what a crash left of an unfinished batch. A log alone is taken as it is.
  const isStorage = exists(layout.users) && exists(layout.inventory);
  return loggedOrders(folder, isStorage ? await editStorage(folder, length, { warn }) : length());
}

async function* loggedOrders(folder: string, end: number): AsyncIterable<LoggedOrder> {
  if (end === 0) return;
  const log = new OrderLog(storageLayout(folder));
  try {
    for (const { record, start } of sealedRecords(log.file, end)) {
      if (record === undefined) throw log.damagedAt(start);
      yield record as unknown as LoggedOrder;
    }
  } finally {
    log.file.close();
  }
}

function readFile(path: string): Uint8Array {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}
