// @ts-types="@types/pg"
import pg from "pg";
import type { Check } from "../check.ts";
import { DEFAULT_DATA_DIR } from "../folders.ts";
import { isSecure } from "../secure/secure_folder.ts";
import { readState } from "../state.ts";
import { withClient } from "./database.ts";
import { databaseUrl } from "./database_url.ts";
import { databaseAddress } from "./stack_database.ts";

const name = "postgres";

/**
 * Whether the database answers that is a part of the checkout's own stack, if there is one. Permissions: net; read of
 * `.stack`.
 */
export async function checkStackDatabase(): Promise<Check[]> {
  const port = readState(DEFAULT_DATA_DIR)?.postgresPort;
  if (port === undefined) return [];
  const stack = { dataDir: DEFAULT_DATA_DIR, secure: isSecure(DEFAULT_DATA_DIR) };
  return [await checkUrl(databaseUrl(databaseAddress(stack, port)))];
}

/** Permissions: net; read of the certificate that the URL names. */
export async function checkUrl(text: string): Promise<Check> {
  const where = describe(text);
  if (where === undefined) {
    // The value is not shown: it may contain a password.
    const found = "DATABASE_URL is not like postgres://user:password@host:port/database";
    return { name, level: "fail", found, remedy: "take the line that deno task up --postgres prints" };
  }
  try {
    const version = await withClient(text, async (client) => (await client.query("SHOW server_version")).rows[0]);
    return { name, level: "ok", found: `PostgreSQL ${version.server_version} at ${where}` };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (error instanceof pg.DatabaseError) {
      return {
        name,
        level: "fail",
        found: `PostgreSQL at ${where} denies access: ${why}`,
        remedy: "look at DATABASE_URL",
      };
    }
    const remedy = "start it with deno task up --postgres, or set DATABASE_URL";
    return { name, level: "fail", found: `no connection to ${where} (${why})`, remedy };
  }
}

/** `host:port/database as user`; undefined if it is not a database URL. */
function describe(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, host, pathname, username } = new URL(text);
  if (!/^postgres(ql)?:$/.test(protocol) || host === "") return undefined;
  return `${host}${pathname} as ${username}`;
}
