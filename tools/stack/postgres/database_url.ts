import { join } from "node:path";
import { shellWord } from "../../../lib/shell_word.ts";
import { HOST } from "../ports.ts";
import { readDatabasePassword } from "./database_folder.ts";
import { DATABASE, type Role, ROLE_NAMES, SUPERUSER } from "./roles.ts";

/** The address of the stack's PostgreSQL. */
export interface DatabaseAddress {
  /** The folder of its passwords. */
  folder: string;
  port: number;
  /** The CA certificate to trust; undefined without TLS. */
  caFile?: string;
}

/**
 * The database URL for a role, with its password, for libpq as well as for our commands. Permission: read of the
 * folder.
 */
export function databaseUrl(
  { folder, port, caFile }: DatabaseAddress,
  role: Role | typeof SUPERUSER = "orders",
  database = role === SUPERUSER ? SUPERUSER : DATABASE,
): string {
  const tls = caFile === undefined ? "" : `?sslmode=verify-full&sslrootcert=${encodeURIComponent(caFile)}`;
  return `postgres://${role}:${readDatabasePassword(folder, role)}@${HOST}:${port}/${database}${tls}`;
}

/** The file with the setting of a role, to be read into a shell. */
export function databaseEnvFile(folder: string, role: Role): string {
  return join(folder, `${role}.env`);
}

/**
 * Writes the settings of every role, for a shell: the authority is a variable of its own, as our commands want it.
 * Permissions: read, write of the folder.
 */
export function writeDatabaseEnvFiles(address: DatabaseAddress): void {
  const { caFile } = address;
  for (const role of ROLE_NAMES) {
    const url = new URL(databaseUrl(address, role));
    url.searchParams.delete("sslrootcert");
    const lines = [`export DATABASE_URL=${shellWord(url.href)}\n`];
    if (caFile !== undefined) lines.push(`export DATABASE_CA_FILE=${shellWord(caFile)}\n`);
    Deno.writeTextFileSync(databaseEnvFile(address.folder, role), lines.join(""), { mode: 0o600 });
  }
}
