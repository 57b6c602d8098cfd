import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "../../lib/errors.ts";
import { CHECKOUT } from "../../tools/stack/folders.ts";
import { isAlive, terminate } from "../../tools/stack/processes.ts";
import { checkUrl } from "../../tools/stack/postgres/check_stack_database.ts";
import { withClient } from "../../tools/stack/postgres/database.ts";
import { databaseFolder, readDatabasePassword } from "../../tools/stack/postgres/database_folder.ts";
import { databaseUrl } from "../../tools/stack/postgres/database_url.ts";
import { type Role, ROLE_NAMES, SUPERUSER } from "../../tools/stack/postgres/roles.ts";
import { databaseAddress } from "../../tools/stack/postgres/stack_database.ts";
import { readState, type StackState } from "../../tools/stack/state.ts";
import { type Finished, startTask } from "../support/commands.ts";
import { withDatabaseStack } from "../support/stack.ts";

const ANY_PORTS = ["--local", "--kafka-port", "0", "--registry-port", "0"];
const REFUSED = /password authentication failed/;

/** Runs `tools/stack/SCRIPT.ts` as its task does. */
async function stack(script: "up" | "down", dataDir: string, flags: string[] = []): Promise<Finished> {
  await using running = startTask(script, ["--data-dir", dataDir, ...flags], {});
  const finished = await running.end;
  assert.equal(finished.code, EXIT.ok, finished.stderr);
  return finished;
}

/** The rows of a query. */
async function ask(url: string, query: string): Promise<unknown[][]> {
  return await withClient(url, async (client) => (await client.query({ text: query, rowMode: "array" })).rows);
}

function requireState(dataDir: string): StackState & { postgresPort: number } {
  const { postgresPort, ...state } = readState(dataDir)!;
  assert.ok(postgresPort !== undefined, "the stack has no database");
  return { ...state, postgresPort };
}

function urlOf(dataDir: string, role: Role | typeof SUPERUSER): string {
  return databaseUrl(databaseAddress({ dataDir, secure: false }, requireState(dataDir).postgresPort), role);
}

Deno.test("a stack with a database", async (t) => {
  const dataDir = Deno.makeTempDirSync({ prefix: "postgres-stack-test-" });
  try {
    await stack("up", dataDir, ANY_PORTS);
    const without = readState(dataDir)!;
    assert.equal(without.postgresPort, undefined);

    await t.step("up() adds it to a stack that runs, and prints what to export", async () => {
      const { stdout, stderr } = await stack("up", dataDir, ["--postgres"]);
      assert.match(stdout, /^Started postgres in /m);
      const state = requireState(dataDir);
      assert.deepEqual({ ...state.pids, postgres: undefined }, { ...without.pids, postgres: undefined });
      assert.ok(stdout.includes(`\nexport DATABASE_URL=${urlOf(dataDir, "orders")}\n`), stdout);
      assert.ok(stdout.includes(`\n. ${join(dataDir, "postgres", "orders_consumer.env")} `), stdout);
      const shown = stdout.split(readDatabasePassword(databaseFolder(dataDir), "orders")).length - 1;
      assert.deepEqual([shown, stderr], [1, ""]);
      assertKeptSecret(dataDir, stdout);
    });

    await t.step("what is committed is on disk, and who is no superuser is none", async () => {
      assert.deepEqual(
        await ask(urlOf(dataDir, "orders"), "SELECT current_setting('fsync'), current_setting('synchronous_commit')"),
        [["on", "on"]],
      );
      const roles = "SELECT rolname FROM pg_roles WHERE rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication";
      assert.deepEqual(await ask(urlOf(dataDir, "orders"), roles), [[SUPERUSER]]);
    });

    await t.step("orders_consumer changes rows of the owner's tables, and makes and drops none", async () => {
      const consumer = urlOf(dataDir, "orders_consumer");
      await ask(urlOf(dataDir, "orders"), "CREATE TABLE kept (a int PRIMARY KEY)");
      await ask(consumer, "INSERT INTO kept VALUES (1), (2)");
      await ask(consumer, "DELETE FROM kept WHERE a = 2");
      for (const query of ["CREATE TABLE own (a int)", "CREATE TEMP TABLE own (a int)", "CREATE SCHEMA own"]) {
        await assert.rejects(ask(consumer, query), /permission denied/, query);
      }
      for (const query of ["DROP TABLE kept", "TRUNCATE kept", "ALTER TABLE kept ADD b int"]) {
        await assert.rejects(ask(consumer, query), /must be owner|permission denied/, query);
      }
    });

    await t.step("a wrong password is refused in one line, which does not show it", async () => {
      const url = urlOf(dataDir, "orders").replace(/:[^:]+@/, ":wrong-password@");
      const { code, stdout } = await doctor({ DATABASE_URL: url });
      const lines = stdout.split("\n").filter((line) => / database /.test(line));
      assert.deepEqual([code, lines.length], [EXIT.failed, 1], stdout);
      assert.match(
        lines[0],
        /^fail {2}database {3}PostgreSQL at \S+\/orders refuses the password of orders: .*DATABASE_URL/,
      );
      assert.doesNotMatch(stdout, /wrong-password/);
    });

    await t.step("doctor() finds it by DATABASE_URL", async () => {
      const { stdout } = await doctor({ DATABASE_URL: urlOf(dataDir, "orders") });
      assert.match(stdout, /^fail {2}database {3}no tables at 127\.0\.0\.1:\d+\/orders: run deno task bootstrap$/m);
    });

    await t.step("up() restarts it at once after a kill, and only that, with all that was committed", async () => {
      const { pids } = requireState(dataDir);
      Deno.kill(pids.postgres.pid, "SIGKILL");
      while (await isAlive(pids.postgres)); // for a moment; a zombie counts as ended
      const { stdout } = await stack("up", dataDir);
      assert.match(stdout, /^Started postgres in /m);
      assert.deepEqual(await ask(urlOf(dataDir, "orders_consumer"), "TABLE kept"), [[1]]);
    });

    await t.step("down() ends it under a client, and up() brings it back as it was, asked for or not", async () => {
      const { postgresPort, pids } = requireState(dataDir);
      const url = urlOf(dataDir, "orders");
      await withClient(url, async (client) => {
        await client.query("BEGIN");
        await client.query("INSERT INTO kept VALUES (3)");
        const { stdout } = await stack("down", dataDir);
        assert.match(stdout, /^Stopped broker-1, postgres, registry$/m);
        assert.equal(await isAlive(pids.postgres), false);
      });
      await stack("up", dataDir);
      assert.equal(requireState(dataDir).postgresPort, postgresPort);
      assert.deepEqual(await ask(url, "TABLE kept"), [[1]]);
    });

    await t.step("down() with --purge leaves no process and no folder", async () => {
      const { pids } = requireState(dataDir);
      await stack("down", dataDir, ["--purge"]);
      for (const record of Object.values(pids)) assert.equal(await isAlive(record), false);
      assert.throws(() => Deno.statSync(dataDir), Deno.errors.NotFound);
    });
  } finally {
    await stack("down", dataDir, ["--purge"]); // fine where it is gone
  }
});

Deno.test("a secure stack with a database", async (t) => {
  await withDatabaseStack(async ({ DATABASE_URL: url }, dataDir) => {
    const open = url.replace(/\?.*/, "");

    await t.step("a client checks the certificate by the stack's authority", async () => {
      assert.match(url, /\?sslmode=verify-full&sslrootcert=/);
      assert.deepEqual(await ask(url, "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"), [
        [true, "TLSv1.3"],
      ]);
    });

    await t.step(
      "a client that does not know the authority, or meant another host, does not log in",
      async () => {
        await assert.rejects(ask(`${open}?sslmode=verify-full`, "SELECT 1"), /unable to verify/);
        // The same one, by an address that is not in its certificate.
        await assert.rejects(ask(url.replace("127.0.0.1", "[::ffff:127.0.0.1]"), "SELECT 1"), /altnames/);
      },
    );

    await t.step("the server lets nobody in without TLS, or with a wrong password", async () => {
      await assert.rejects(ask(`${open}?sslmode=disable`, "SELECT 1"), /no encryption/);
      const { level, found } = await checkUrl(url.replace(/:[^:]+@/, ":wrong-password@"));
      assert.equal(level, "fail");
      assert.match(found, REFUSED);
    });

    await t.step("up() names the files of the roles, and shows no password", async () => {
      const { stdout } = await stack("up", dataDir, ["--secure"]);
      for (const role of ROLE_NAMES) {
        assert.ok(stdout.includes(`\n. ${join(dataDir, "postgres", `${role}.env`)} # ${role} `), stdout);
        assert.ok(!stdout.includes(readDatabasePassword(databaseFolder(dataDir), role)));
        const setting = Deno.readTextFileSync(join(dataDir, "postgres", `${role}.env`));
        assert.match(
          setting,
          /^export DATABASE_URL='postgres:.*\?sslmode=verify-full'\nexport DATABASE_CA_FILE=\S+\n$/,
        );
      }
    });

    await t.step("what a role's file exports is what commands take, and doctor", async () => {
      const shell = async (line: string) => {
        const script = `. '${join(dataDir, "postgres", "orders.env")}' && ${line}`;
        const command = { args: ["-c", script, Deno.execPath()], cwd: CHECKOUT, env: { NO_COLOR: "1" } };
        const { stdout, stderr } = await new Deno.Command("sh", command).output();
        return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
      };
      assert.match(await shell('"$0" task -q bootstrap'), /^Added to 127\.0\.0\.1:\d+\/orders: alice paid/);
      assert.match(await shell('"$0" task -q doctor'), /^ok {4}database {3}.* in PostgreSQL 18/m);
    });

    await t.step("up() with certificates of a version that made none for it says what to do", async () => {
      const { pids } = requireState(dataDir);
      await terminate([pids.postgres], "INT");
      Deno.removeSync(join(dataDir, "secure", "tls", "postgres.pem"));
      await using running = startTask("up", ["--data-dir", dataDir, "--secure"], {});
      const { code, stderr } = await running.end;
      assert.equal(code, EXIT.busy, stderr);
      assert.match(stderr, /^error: The running stack has no certificate .* deno task down first\n$/);
    });
  }, ["--secure"]);
});

/** `doctor` of a stack that is not there, but for the database. */
async function doctor(env: Record<string, string>): Promise<Finished> {
  const nobody = { KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:9", SCHEMA_REGISTRY_URL: "http://127.0.0.1:9" };
  await using running = startTask("doctor", [], { ...nobody, NO_COLOR: "1", ...env });
  return await running.end;
}

/** Nobody else may read a password; none is in a log or in what was printed, but for the owner's. */
function assertKeptSecret(dataDir: string, printed: string): void {
  const folder = databaseFolder(dataDir);
  for (const name of ["", "passwords", "data"]) assert.equal(modeOf(join(folder, name)), 0o700, name);
  for (const role of [SUPERUSER, ...ROLE_NAMES] as const) {
    const password = readDatabasePassword(folder, role);
    assert.match(password, /^[\w-]{32}$/);
    assert.equal(modeOf(join(folder, "passwords", role)), 0o600, role);
    assert.ok(!Deno.readTextFileSync(join(folder, "log.txt")).includes(password), role);
    assert.ok(!Deno.readTextFileSync(join(dataDir, "stack.json")).includes(password), role);
    if (role !== "orders") assert.ok(!printed.includes(password), role);
  }
  for (const role of ROLE_NAMES) assert.equal(modeOf(join(folder, `${role}.env`)), 0o600, role);
}

function modeOf(path: string): number {
  return Deno.statSync(path).mode! & 0o777;
}
