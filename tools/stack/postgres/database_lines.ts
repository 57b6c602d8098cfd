import { shellWord } from "../../../lib/shell_word.ts";
import type { StackState } from "../state.ts";
import { databaseEnvFile, databaseUrl } from "./database_url.ts";
import { type Role, ROLE_NAMES, ROLES } from "./roles.ts";
import { databaseAddress } from "./stack_database.ts";

/**
 * Lines about the running stack's database, if it has one: how to use it as which role.
 *
 * The owner's line can be copied, with its password; a secure stack names a file instead of showing passwords.
 */
export function databaseLines(wish: { dataDir: string; secure: boolean }, { postgresPort }: StackState): string[] {
  if (postgresPort === undefined) return [];
  const address = databaseAddress(wish, postgresPort);
  const fromFile = (role: Role) => `. ${shellWord(databaseEnvFile(address.folder, role))} # ${role} ${ROLES[role]}`;
  if (wish.secure) return ["Roles of PostgreSQL, the same way:", ...ROLE_NAMES.map(fromFile)];
  return [`export DATABASE_URL=${databaseUrl(address)}`, fromFile("orders_consumer")];
}
