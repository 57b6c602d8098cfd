import { databaseFlag, databaseSetting } from "../lib/cli/database_settings.ts";
import { storageFlag, storageSetting } from "../lib/cli/settings.ts";
import { showProgress } from "../lib/cli/long_work.ts";
import { warn } from "../lib/cli/warn.ts";
import type { DatabaseConnection } from "../lib/connections.ts";
import { EXIT, Failure } from "../lib/errors.ts";
import { FileAdmin } from "../lib/files/admin/file_admin.ts";
import { FileWatch } from "../lib/files/read/file_watch.ts";
import { openAdmin } from "../lib/postgres/admin/open_admin.ts";
import { PostgresWatch } from "../lib/postgres/admin/postgres_watch.ts";
import { placeOf as databasePlace } from "../lib/postgres/client/database_error.ts";
import type { StoreAdmin } from "../lib/store_admin.ts";
import type { StoreWatch, WatchLimits } from "../lib/store_watch.ts";

/** The flags of every tool that works on a store. */
export const storeFlags = { ...storageFlag, ...databaseFlag };

/** Which store is meant: the database if one is set, else the folder. */
export interface StoreSetting {
  storage: string;
  database: DatabaseConnection | undefined;
}

interface Given {
  storage: string | undefined;
  database: string | undefined;
  allowPlaintextCredentials?: boolean;
}

/**
 * The store by flag, else by environment; a database beats a folder given the same way.
 *
 * Permissions: env STORAGE_DIR and `DATABASE_*`; read of the files that the latter name.
 */
export function storeSetting(flags: Given): StoreSetting {
  if (flags.storage !== undefined && flags.database !== undefined) {
    throw new Failure(EXIT.usage, "--storage and --database are two stores: give one of them");
  }
  const database = flags.storage === undefined ? databaseSetting(flags) : undefined;
  return { storage: storageSetting(flags), database };
}

/**
 * Opens the store for `use`, and closes it. The only place that knows both kinds.
 *
 * Permissions: read and write of the folder, or net to the database.
 */
export async function withStore<T>(setting: StoreSetting, use: (store: StoreAdmin) => Promise<T>): Promise<T> {
  const store = await open(setting);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** The store as it is named to a person. */
export function placeOf({ storage, database }: StoreSetting): string {
  return database === undefined ? storage : databasePlace(database);
}

/**
 * Watches the store, whether it is there now or not; the caller closes.
 *
 * Permissions: read of the folder, or net to the database.
 */
export function watchStore({ storage, database }: StoreSetting, limits: WatchLimits): StoreWatch {
  return database === undefined ? new FileWatch(storage, limits) : new PostgresWatch(database, limits);
}

async function open({ storage, database }: StoreSetting): Promise<StoreAdmin> {
  if (database === undefined) return new FileAdmin(storage, warn, { begin: showProgress });
  requireNet(database);
  return await openAdmin(database, warn, { begin: showProgress });
}

/** A connection that Deno denies looks like an unreachable database; tasks without a broker are granted one host. */
function requireNet({ host, port }: DatabaseConnection): void {
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  if (Deno.permissions.querySync({ name: "net", host: address }).state === "granted") return;
  const remedy = "set that in place of --database";
  throw new Failure(
    EXIT.failed,
    `No net access to ${address}: this task is granted that of DATABASE_URL only; ${remedy}`,
  );
}
