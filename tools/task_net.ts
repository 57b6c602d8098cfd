import { print } from "../lib/cli/print.ts";

/** What Deno takes as one host, not a list: a name, an IPv4 address, an IPv6 address in brackets. */
const HOST = /^([\w.-]+|\[[\da-f:.]+\])$/i;
const USUAL_PORT = 5432;

/**
 * Prints the grant of the host in DATABASE_URL, `--allow-net=HOST:PORT`; nothing where it names none; the command
 * itself then reports that.
 *
 * A script of its own with next to no imports, because it runs before a command. Permission: env DATABASE_URL.
 */
function run(url: string): void {
  if (!URL.canParse(url)) return;
  const { hostname, port } = new URL(url);
  if (HOST.test(hostname)) print(`--allow-net=${hostname}:${port || USUAL_PORT}`);
}

if (import.meta.main) run(Deno.env.get("DATABASE_URL") ?? "");
