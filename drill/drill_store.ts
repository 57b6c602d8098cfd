import type { DatabaseConnection } from "../lib/connections.ts";
import { Secret } from "../lib/secret.ts";
import type { StoreSetting } from "../tools/open_store.ts";
import { HOST } from "../tools/stack/ports.ts";
import { withClient } from "../tools/stack/postgres/database.ts";
import { readDatabasePassword } from "../tools/stack/postgres/database_folder.ts";
import { databaseUrl } from "../tools/stack/postgres/database_url.ts";
import { SUPERUSER } from "../tools/stack/postgres/roles.ts";
import { databaseAddress } from "../tools/stack/postgres/stack_database.ts";
import { booksOfDatabase, booksOfFolder } from "./books.ts";
import type { OwnStack } from "./own_stack.ts";
import type { Books } from "./reckoning.ts";

const OWNER = "orders";

/** Where the orders of one drill are kept: a temporary folder, or a database of its own. */
export interface DrillStore {
  setting: StoreSetting;
  /** The folder, of no use where the store is a database. */
  folder: string;
  /** The settings of commands that work on it. */
  env: Record<string, string>;
  books(): Promise<Books>;
  remove(): void;
}

/**
 * A folder, or with a stack a database in its PostgreSQL, which goes with the stack. Permissions: write of temporary
 * folders; net.
 */
export async function drillStore(stack: OwnStack | undefined): Promise<DrillStore> {
  const folder = Deno.makeTempDirSync({ prefix: "drill-storage-" });
  const remove = () => Deno.removeSync(folder, { recursive: true });
  const env = { STORAGE_DIR: folder };
  if (stack === undefined) {
    const setting = { storage: folder, database: undefined };
    return { setting, folder, env, remove, books: () => Promise.resolve(booksOfFolder(folder)) };
  }
  const { connection, url } = await createDatabase(stack);
  const setting = { storage: folder, database: connection };
  return { setting, folder, env: { ...env, DATABASE_URL: url }, remove, books: () => booksOfDatabase(url) };
}

async function createDatabase(stack: OwnStack): Promise<{ connection: DatabaseConnection; url: string }> {
  const port = await stack.postgresPort();
  const address = databaseAddress({ dataDir: stack.dataDir, secure: false }, port);
  const database = `drill_${crypto.randomUUID().slice(0, 8)}`;
  await withClient(
    databaseUrl(address, SUPERUSER),
    (client) => client.query(`CREATE DATABASE ${database} OWNER ${OWNER}`),
  );
  const password = new Secret(readDatabasePassword(address.folder, OWNER));
  const connection = { host: HOST, port, database, user: OWNER, password };
  return { connection, url: databaseUrl(address, OWNER, database) };
}
