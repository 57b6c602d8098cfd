import { join } from "node:path";
import { EXIT, Failure } from "../../errors.ts";
import { parseInventory } from "../csv/inventory_file.ts";
import { exists, sizeOf } from "../disk/exists.ts";
import { type StorageLayout, TEMP_SUFFIX } from "../disk/layout.ts";

/**
 * Throws a {@linkcode Failure}: 78 if folder or CSV files are missing, 65 if the log is gone but its effects are not.
 */
export function requireStorage(layout: StorageLayout): void {
  for (const path of [layout.folder, layout.users, layout.inventory]) requirePath(path);
  requireLog(layout);
}

/** Throws a {@linkcode Failure} (78) if the folder is missing. */
export function requireFolder(layout: StorageLayout): void {
  requirePath(layout.folder);
}

function requirePath(path: string): void {
  if (!exists(path)) throw new Failure(EXIT.config, `${path} is missing: run deno task bootstrap`);
}

/** The log may be missing only if nothing was ever journalled: a new one would forget what was accepted. */
export function requireLog(layout: StorageLayout): void {
  if (exists(layout.orders) || ((sizeOf(layout.edits) ?? 0) === 0 && newestAsOf(layout) === 0)) return;
  throw new Failure(
    EXIT.data,
    `${layout.orders} is missing, although the stock has changed before; nothing was touched. ` +
      `Restore it from a backup, or start over with deno task bootstrap --force`,
  );
}

function newestAsOf({ inventory }: StorageLayout): number {
  if (!exists(inventory)) return 0;
  const { rows } = parseInventory(Deno.readFileSync(inventory), inventory);
  return [...rows.values()].reduce((newest, { asOf = 0 }) => Math.max(newest, asOf), 0);
}

/** Removes the temporary files that a crash left. Under the write lock. */
export function removeTemps(layout: StorageLayout): void {
  for (const entry of Deno.readDirSync(layout.folder)) {
    if (entry.name.endsWith(TEMP_SUFFIX)) Deno.removeSync(join(layout.folder, entry.name));
  }
}

/** Creates the folder where it is missing; a {@linkcode Failure} (78) where that cannot be. */
export function createFolder(folder: string): void {
  try {
    Deno.mkdirSync(folder, { recursive: true });
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause; // the command line says what would grant it
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(EXIT.config, `Cannot create the folder ${folder}: ${why}`, { cause });
  }
}
