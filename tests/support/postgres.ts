import type { DatabaseConnection } from "../../lib/connections.ts";
import { printError } from "../../lib/cli/print.ts";
import { Failure } from "../../lib/errors.ts";
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

/** The server of the tests, where there is one; the campaign of faults starts its own after this was loaded. */
export function testServer(): string | undefined {
  return Deno.env.get(SETTING) || undefined;
}

/** Why tests that need PostgreSQL cannot be run here, with the remedy; undefined where they can. */
export function withoutPostgres(): string | undefined {
  return testServer() === undefined ? `needs PostgreSQL: install Java and Maven, or set ${SETTING}` : undefined;
}

/** Registers a test that needs PostgreSQL; skipped where there is none, and its name then says why. */
export function postgresTest(name: string, fn: (t: Deno.TestContext) => Promise<unknown>): void {
  const reason = withoutPostgres();
  const skipped = reason === undefined ? "" : ` (skipped: ${reason})`;
  Deno.test({ name: name + skipped, ignore: reason !== undefined, fn: async (t) => void await fn(t) });
}

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
 * Runs `work` with the server that the environment names, else with one of its own, else with none: what needs one is
 * then skipped. Permissions: those of {@linkcode withPostgres}.
 */
export async function withTestServer<T>(work: (env: Record<string, string>) => Promise<T>): Promise<T> {
  if (testServer() !== undefined) return await work({});
  let isUp = false;
  try {
    return await withPostgres((env) => {
      isUp = true;
      return work(env);
    });
  } catch (error) {
    if (isUp || !(error instanceof Failure)) throw error;
    printError(`Without PostgreSQL: ${error.message}`);
    return await work({});
  }
}
