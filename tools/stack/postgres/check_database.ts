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
 * Whether the database answers that DATABASE_URL names, or else that is a part of the checkout's own stack; nothing where
 * there is neither. Permissions: net; env DATABASE_URL, DATABASE_CA_FILE; read of `.stack` and of the certificate.
 */
export async function checkDatabase(): Promise<Check[]> {
  const url = Deno.env.get("DATABASE_URL") || undefined;
  if (url !== undefined) return [await checkUrl(withAuthority(url))];
  const port = readState(DEFAULT_DATA_DIR)?.postgresPort;
  if (port === undefined) return [];
  const stack = { dataDir: DEFAULT_DATA_DIR, secure: isSecure(DEFAULT_DATA_DIR) };
  return [await checkUrl(databaseUrl(databaseAddress(stack, port)))];
}

/** Permissions: net; read of the certificate that the URL names. */
export async function checkUrl(text: string): Promise<Check> {
  const where = describe(text);
  if (where === undefined) {
    // What it is is not shown: it may hold a password.
    const found = "DATABASE_URL is no postgres://user:password@host:port/database";
    return { name, level: "fail", found, remedy: "take the line that deno task up --postgres prints" };
  }
  try {
    const version = await withClient(text, async (client) => (await client.query("SHOW server_version")).rows[0]);
    return { name, level: "ok", found: `PostgreSQL ${version.server_version} at ${where}` };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (error instanceof pg.DatabaseError) {
      return { name, level: "fail", found: `PostgreSQL at ${where} refuses: ${why}`, remedy: "look at DATABASE_URL" };
    }
    const remedy = "start it with deno task up --postgres, or set DATABASE_URL";
    return { name, level: "fail", found: `no connection to ${where} (${why})`, remedy };
  }
}

/** With the authority of DATABASE_CA_FILE, which pg takes from the URL. */
function withAuthority(text: string): string {
  const file = Deno.env.get("DATABASE_CA_FILE");
  if (!file || !URL.canParse(text)) return text;
  const url = new URL(text);
  url.searchParams.set("sslrootcert", file);
  return url.href;
}

/** `host:port/database as user`; undefined for what is no URL of a database. */
function describe(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, host, pathname, username } = new URL(text);
  if (!/^postgres(ql)?:$/.test(protocol) || host === "") return undefined;
  return `${host}${pathname} as ${username}`;
}
