import { join } from "node:path";

/** The files of one storage folder; what each holds is in storage/README.md. */
export interface StorageLayout {
  folder: string;
  users: string;
  inventory: string;
  orders: string;
  edits: string;
  rejected: string;
  positions: string;
  offsetChanges: string;
  /** Disposable: saves a start from reading the whole log. */
  index: string;
  ownerLock: string;
  writeLock: string;
  turnLock: string;
  offsetsLock: string;
}

export function storageLayout(folder: string): StorageLayout {
  return {
    folder,
    users: join(folder, "users.csv"),
    inventory: join(folder, "inventory.csv"),
    orders: join(folder, "orders.jsonl"),
    edits: join(folder, "stock_edits.jsonl"),
    rejected: join(folder, "rejected.jsonl"),
    positions: join(folder, "positions.jsonl"),
    offsetChanges: join(folder, "offset_changes.json"),
    index: join(folder, ".orders.index"),
    ownerLock: join(folder, ".owner.lock"),
    writeLock: join(folder, ".write.lock"),
    turnLock: join(folder, ".turn.lock"),
    offsetsLock: join(folder, ".offsets.lock"),
  };
}

/** The temporary name of a file that is being replaced; a crash may leave one, which the next start removes. */
export const TEMP_SUFFIX = ".tmp";
