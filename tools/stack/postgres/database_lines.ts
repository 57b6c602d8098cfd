import { shellWord } from "../../../lib/shell_word.ts";
import type { StackState } from "../state.ts";
import { databaseEnvFile, databaseUrl } from "./database_url.ts";
import { type Role, ROLE_NAMES, ROLES } from "./roles.ts";
import { databaseAddress } from "./stack_database.ts";

/**
 * What a person has to know of the running stack's database, if it has one: how to use it as which role.
 *
 * The owner's setting is there to be copied, with its password; a secure stack shows none, and names the file with it.
 */
export function databaseLines(wish: { dataDir: string; secure: boolean }, { postgresPort }: StackState): string[] {
  if (postgresPort === undefined) return [];
  const address = databaseAddress(wish, postgresPort);
  const fromFile = (role: Role) => `. ${shellWord(databaseEnvFile(address.folder, role))} # ${role} ${ROLES[role]}`;
  if (wish.secure) return ["Roles of PostgreSQL, the same way:", ...ROLE_NAMES.map(fromFile)];
  return [`export DATABASE_URL=${databaseUrl(address)}`, fromFile("orders_consumer")];
}
