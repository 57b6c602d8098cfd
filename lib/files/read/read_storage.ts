import type { StockItem, User } from "../../order.ts";
import type { Progress } from "../../progress.ts";
import { AppendFile } from "../disk/append_file.ts";
import { parseInventory } from "../csv/inventory_file.ts";
import { storageLayout } from "../disk/layout.ts";
import { countLines, lineChunks, visitLines, watchedRead } from "../log/lines.ts";
import { LoggedLine, type LoggedOrder, parseLogged } from "../log/logged_line.ts";
import { damagedLine } from "../log/order_log.ts";
import { exists } from "../disk/exists.ts";
import { requireFolder } from "../store/storage_folder.ts";
import { parseUsers } from "../csv/users_file.ts";
import { viewStorage } from "../store/view_storage.ts";
import { unreadable } from "../disk/watched_file.ts";

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

/** Searching text takes a fifth of the time that searching its bytes takes in Deno, and decoding it hardly any. */
const decoder = new TextDecoder();

/** The beginning of the log, which stays as it is while more is appended. */
export interface LogPart {
  path: string;
  /** Bytes from the beginning. */
  end: number;
}

/**
 * The log as it is at the call: its end is fixed under the write lock. Permissions: read and write of the folder (its
 * write lock; an unfinished batch is set aside if the folder can be written).
 */
export async function loggedSoFar(folder: string, warn: (sentence: string) => void): Promise<LogPart> {
  const layout = storageLayout(folder);
  requireFolder(layout);
  const path = layout.orders;
  if (!exists(path)) return { path, end: 0 };
  // A log without users and stock is read as it is.
  const isStorage = exists(layout.users) && exists(layout.inventory);
  return { path, end: isStorage ? (await viewStorage(folder, warn)).lengths.orders : Deno.statSync(path).size };
}

/** The orders of a part of the log, oldest first. Throws a {@linkcode Failure} (65) on reaching a damaged line. */
export function* loggedOrders({ path, end }: LogPart, progress: Progress = () => {}): Generator<LoggedOrder> {
  if (end === 0) return;
  const file = AppendFile.openToRead(path);
  const line = new LoggedLine();
  try {
    for (const { bytes, start } of lineChunks(watchedRead((...range) => file.read(...range), end, progress), 0, end)) {
      for (let at = 0; at < bytes.length; at = line.next) {
        if (!line.read(bytes, at)) throw damagedLine(path, start + at);
        yield line.toOrder();
      }
    }
    progress(end, end);
  } finally {
    file.close();
  }
}

/**
 * Counts the orders of a part of the log, and visits those whose lines contain `wanted`, which is ASCII. Only the lines
 * around a hit are split, which takes a fraction of the time of reading all of them.
 */
export function countLogged(
  { path, end }: LogPart,
  wanted: string,
  { visit, progress }: { visit: (order: LoggedOrder) => void; progress: Progress },
): number {
  if (end === 0) return 0;
  const file = AppendFile.openToRead(path);
  let count = 0;
  try {
    for (
      const { bytes, start: chunkStart } of lineChunks(
        watchedRead((...range) => file.read(...range), end, progress),
        0,
        end,
      )
    ) {
      const text = decoder.decode(bytes);
      count += countLines(text);
      if (!text.includes(wanted)) continue;
      visitLines((from, to) => bytes.subarray(from, to), 0, bytes.length, (line, start) => {
        if (!decoder.decode(line).includes(wanted)) return;
        const order = parseLogged(line);
        if (order === undefined) throw damagedLine(path, chunkStart + start);
        visit(order);
      });
    }
    progress(end, end);
    return count;
  } finally {
    file.close();
  }
}

function readFile(path: string): Uint8Array {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}
