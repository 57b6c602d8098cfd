import { join } from "node:path";
import { exists } from "../../../lib/files/disk/exists.ts";
import { POSTGRES } from "../folders.ts";
import { makeSecretFolder, randomPassword } from "../secret_files.ts";
import { type Role, ROLE_NAMES, SUPERUSER } from "./roles.ts";

/** Where a stack keeps its database, its passwords, and the settings of each role. */
export function databaseFolder(dataDir: string): string {
  return join(dataDir, POSTGRES);
}

/** Whether the stack in `dataDir` has a database, here or in Docker. Permission: read. */
export function hasDatabase(dataDir: string): boolean {
  return exists(passwordsIn(databaseFolder(dataDir)));
}

/** Creates the folder and its passwords if missing; they last as long as the data. Permissions: read, write. */
export function provideDatabaseFolder(folder: string): void {
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (exists(passwordsIn(folder))) return;
  makeSecretFolder(passwordsIn(folder), [SUPERUSER, ...ROLE_NAMES].map((name) => [name, randomPassword()]));
}

/** Permission: read. */
export function readDatabasePassword(folder: string, role: Role | typeof SUPERUSER): string {
  return Deno.readTextFileSync(passwordFile(folder, role));
}

/** The file that contains only the password. */
export function passwordFile(folder: string, role: Role | typeof SUPERUSER): string {
  return join(passwordsIn(folder), role);
}

function passwordsIn(folder: string): string {
  return join(folder, "passwords");
}
