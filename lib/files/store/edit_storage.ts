import { type StorageLayout, storageLayout } from "../disk/layout.ts";
import { WriteLock } from "../disk/locks.ts";
import type { ReadRanges } from "../log/read_ranges.ts";
import { recover } from "./recover.ts";
import type { LedgerOptions, StockLedger } from "./stock_ledger.ts";
import { createFolder, removeTemps, requireLog, requireStorage } from "./storage_folder.ts";
import { holdSettled, StorageParts } from "./storage_parts.ts";
import { UsersEdit } from "./user_list.ts";
import { BeingSaved } from "../disk/watched_file.ts";
import type { CsvDocument } from "../csv/csv_document.ts";

/** The storage folder as a tool sees it during one edit. */
export interface StorageEdit {
  /** Stock, up to date; edits are durable when their promise resolves. */
  ledger: StockLedger;
  /** `users.csv`; changes are written when the edit ends. */
  users: CsvDocument;
  /** What was read, up to date. */
  readRanges: ReadRanges;
}

/**
 * Runs `edit` on users and stock under the write lock, while a consumer may be running; then writes both files.
 *
 * When it resolves, the edit is durable. With `create`, missing files are created. Throws a {@linkcode Failure}: 78
 * missing files, 65 damage, 74 disk. Permissions: read and write of the folder.
 */
export async function editStorage<T>(
  folder: string,
  edit: (storage: StorageEdit) => Promise<T> | T,
  options: LedgerOptions & { create?: boolean },
): Promise<T> {
  const layout = storageLayout(folder);
  if (options.create) createFolder(layout.folder);
  else requireStorage(layout);
  requireLog(layout);
  const lock = WriteLock.open(layout);
  try {
    return await holdSettled(lock, () => editLocked(layout, edit, options));
  } finally {
    lock.close();
  }
}

async function editLocked<T>(
  layout: StorageLayout,
  edit: (storage: StorageEdit) => Promise<T> | T,
  options: LedgerOptions,
): Promise<T> {
  removeTemps(layout);
  const parts = new StorageParts(layout, options);
  const { ledger, readRanges } = parts;
  try {
    await recover(parts);
    const users = new UsersEdit(layout, readRanges);
    const result = await edit({ ledger, users: users.document, readRanges });
    users.write(ledger.seq);
    await writeCheckpoint(ledger);
    return result;
  } finally {
    parts.close();
  }
}

/**
 * Writes the CSV. If a person saves it at this very moment, their change is journalled first and the file then holds
 * both changes; the edit itself is already journalled and must not run again.
 */
async function writeCheckpoint(ledger: StockLedger): Promise<void> {
  while (!ledger.checkpoint()) {
    try {
      await ledger.refresh();
    } catch (error) {
      if (!(error instanceof BeingSaved)) throw error;
      await new Promise((resolve) => setTimeout(resolve, error.waitMs));
    }
  }
}
