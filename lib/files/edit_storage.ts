import { type StorageLayout, storageLayout } from "./layout.ts";
import { OwnerLock, WriteLock } from "./locks.ts";
import { OrderLog } from "./order_log.ts";
import { Positions } from "./positions.ts";
import { recover } from "./recover.ts";
import { StockLedger } from "./stock_ledger.ts";
import { exists, removeTemps, requireLog, requireStorage } from "./storage_folder.ts";
import { writeUsers } from "./user_list.ts";
import { emptyUsers, parseUsers } from "./users_file.ts";
import { BeingSaved } from "./watched_file.ts";
import type { CsvDocument } from "./csv_document.ts";

/** The storage folder in the hands of a tool, for the length of one edit. */
export interface StorageEdit {
  /** Stock, up to date; edits are durable when their promise resolves. */
  ledger: StockLedger;
  /** `users.csv`; changes are written when the edit ends. */
  users: CsvDocument;
  /** What was read, up to date. */
  positions: Positions;
}

/**
 * Runs `edit` on users and stock under the write lock, while a consumer may be running; then writes both files.
 *
 * Rule 11 of the semantics: what it reports as done is durable. `create` starts files that are missing. Throws a
 * {@linkcode Failure}: 78 missing files, 65 damage, 74 disk. Permissions: read and write of the folder.
 */
export async function editStorage<T>(
  folder: string,
  edit: (storage: StorageEdit) => Promise<T> | T,
  options: { warn: (sentence: string) => void; create?: boolean },
): Promise<T> {
  const layout = storageLayout(folder);
  if (options.create) Deno.mkdirSync(layout.folder, { recursive: true });
  else requireStorage(layout);
  requireLog(layout);
  const lock = WriteLock.open(layout);
  try {
    while (true) {
      try {
        return await lock.hold(() => editLocked(layout, edit, options.warn));
      } catch (error) {
        if (!(error instanceof BeingSaved)) throw error;
        await new Promise((resolve) => setTimeout(resolve, error.waitMs));
      }
    }
  } finally {
    lock.close();
  }
}

async function editLocked<T>(
  layout: StorageLayout,
  edit: (storage: StorageEdit) => Promise<T> | T,
  warn: (sentence: string) => void,
): Promise<T> {
  removeTemps(layout);
  const log = new OrderLog(layout);
  const positions = new Positions(layout);
  const ledger = new StockLedger(layout, log, positions, warn);
  try {
    await loadLedger(layout, { log, positions, ledger });
    const before = readUsersFile(layout);
    const result = await edit({ ledger, users: before.document, positions });
    const after = before.document.toBytes();
    if (before.isNew || !sameBytes(before.bytes, after)) writeUsers(layout, after, positions, ledger.seq);
    // A person saved the file this very moment: what they did is journalled first, then both changes are in the file.
    while (!ledger.checkpoint()) await ledger.refresh();
    return result;
  } finally {
    for (const part of [log.file, positions, ledger]) part.close();
  }
}

/** A dead owner's files are brought into order first; a live one's are in order whenever the write lock is free. */
async function loadLedger(
  layout: StorageLayout,
  parts: { log: OrderLog; positions: Positions; ledger: StockLedger },
): Promise<void> {
  if (!exists(layout.inventory)) {
    const end = parts.log.scan(0, 0, parts.ledger.isEdit, () => {});
    parts.positions.refresh();
    return parts.ledger.rebuild(end.seq);
  }
  if (!OwnerLock.isHeld(layout)) return void await recover(parts);
  const { from, afterSeq } = parts.log.tail(parts.ledger.csvAsOf().lowest);
  const end = parts.log.scan(from, afterSeq, parts.ledger.isEdit, () => {});
  parts.positions.refresh();
  await parts.ledger.load(end.seq);
}

function readUsersFile(layout: StorageLayout): { document: CsvDocument; bytes: Uint8Array; isNew: boolean } {
  if (!exists(layout.users)) return { document: emptyUsers(), bytes: new Uint8Array(0), isNew: true };
  const bytes = Deno.readFileSync(layout.users);
  return { document: parseUsers(bytes, layout.users).document, bytes, isNew: false };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
