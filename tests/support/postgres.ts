import type { DatabaseConnection } from "../../lib/connections.ts";
import { EXIT, Failure } from "../../lib/errors.ts";
import { patiently } from "../../lib/patiently.ts";
import { Secret } from "../../lib/secret.ts";
import { endedEarly, type StartedService } from "../../tools/stack/service.ts";
import { freePorts } from "../../tools/stack/ports.ts";
import { provideDatabase, withClient } from "../../tools/stack/postgres/database.ts";
import { databaseUrl } from "../../tools/stack/postgres/database_url.ts";
import { providePrograms } from "../../tools/stack/postgres/programs.ts";
import { SUPERUSER } from "../../tools/stack/postgres/roles.ts";
import { startServer, STOP_SERVER } from "../../tools/stack/postgres/server.ts";
import { terminate } from "../../tools/stack/processes.ts";

/** The setting by which tests know their server: the URL of a role that may make databases. */
const SETTING = "TEST_DATABASE_URL";

/** What a test may do beyond its own tables: databases, roles, and a deadlock noticed at once. */
const TESTER = "ALTER ROLE orders CREATEDB CREATEROLE; GRANT SET ON PARAMETER deadlock_timeout TO orders";

/** Whether the tests have a server; one that needs it is ignored otherwise, with the remedy in its name. */
export const HAS_POSTGRES = Boolean(Deno.env.get(SETTING));
export const POSTGRES_REMEDY = HAS_POSTGRES ? "" : " (skipped: install Java and Maven, run it by deno task test)";

/** The environment of tests that have a server. */
export interface PostgresEnv extends Record<string, string> {
  TEST_DATABASE_URL: string;
}

/** The server of {@linkcode withPostgres}, to be treated badly. */
export interface TestServer {
  port: number;
  /** `kill -9`: what it holds in memory is gone. */
  kill(): void;
  /** Starts it again after a kill; resolves when it answers. */
  start(): Promise<void>;
}

/**
 * Runs `work` with a PostgreSQL of its own, on a free port and in a folder of its own, and removes it all afterwards.
 * It takes a second.
 *
 * Throws a {@linkcode Failure} if this machine cannot run one. Permissions: net; run sh, mvn; env; read and write of
 * the checkout's `.stack` and of temp folders.
 */
export async function withPostgres<T>(work: (env: PostgresEnv, server: TestServer) => Promise<T>): Promise<T> {
  const folder = Deno.makeTempDirSync({ prefix: "orders-postgres-" });
  const giveUp = new AbortController();
  const address = { folder, port: freePorts(1)[0] };
  const { signal: stop } = giveUp;
  let server: StartedService | undefined;
  async function start(): Promise<void> {
    server = await startServer(folder, { programs: await providePrograms(folder, stop), port: address.port, stop });
    await Promise.race([provideDatabase(address, stop), endedEarly(server)]);
  }
  try {
    await start();
    await withClient(databaseUrl(address, SUPERUSER), (client) => client.query(TESTER));
    return await work({ [SETTING]: databaseUrl(address) }, {
      port: address.port,
      kill: () => Deno.kill(server!.process.pid, "SIGKILL"),
      // Its children notice a moment later that it is gone; until then a new one does not start.
      start: () =>
        patiently(() => start().then(() => true), { forMs: 20_000, everyMs: 200, passes: () => true }).then(),
    });
  } finally {
    giveUp.abort();
    if (server !== undefined) await terminate([server.process], STOP_SERVER);
    Deno.removeSync(folder, { recursive: true });
  }
}

/** How code connects to the database that a test's URL names. */
export function connectionTo(text: string): DatabaseConnection {
  const { hostname: host, port, username: user, password, pathname } = new URL(text);
  return { host, port: Number(port), database: pathname.slice(1), user, password: new Secret(password) };
}

/**
 * A database of a test's own, empty, on the server of the tests, as the role that owns it; dropped when disposed, whoever
 * is still connected. `server` is another one than that of the environment.
 *
 * Permissions: net, env TEST_DATABASE_URL.
 */
export async function testDatabase(server = Deno.env.get(SETTING)): Promise<{ url: string } & AsyncDisposable> {
  if (server === undefined) throw new Failure(EXIT.config, `${SETTING} is not set: run the tests with deno task test`);
  const name = `test_${crypto.randomUUID().replaceAll("-", "")}`;
  await withClient(server, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = new URL(server);
  url.pathname = name;
  return {
    url: url.href,
    async [Symbol.asyncDispose]() {
      await withClient(server, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
    },
  };
}
