import { EXIT, Failure } from "../../lib/errors.ts";
import { CHECKOUT } from "../../tools/stack/folders.ts";
import { databaseUrl } from "../../tools/stack/postgres/database_url.ts";
import { databaseAddress } from "../../tools/stack/postgres/stack_database.ts";
import { isSecure } from "../../tools/stack/secure/secure_folder.ts";
import { readState } from "../../tools/stack/state.ts";

/** Where a stack answers, as the environment of commands has it. */
export interface StackEnv extends Record<string, string> {
  KAFKA_BOOTSTRAP_SERVERS: string;
  SCHEMA_REGISTRY_URL: string;
}

/** The environment of a stack with the flag `--postgres`, as the role that owns the database. */
export interface DatabaseStackEnv extends StackEnv {
  DATABASE_URL: string;
}

/**
 * Runs `work` with a stack of its own, on free ports and in a folder of its own, and removes it all afterwards.
 *
 * Permissions: run deno, env, read and write of temp folders.
 */
export async function withStack<T>(
  work: (env: StackEnv, dataDir: string) => Promise<T>,
  flags: readonly string[] = [],
): Promise<T> {
  const dataDir = Deno.makeTempDirSync({ prefix: "orders-stack-" });
  try {
    await stackTask("up", ["--local", "--data-dir", dataDir, "--kafka-port", "0", "--registry-port", "0", ...flags]);
    const { brokers, registry } = readState(dataDir)!;
    return await work({ KAFKA_BOOTSTRAP_SERVERS: brokers, SCHEMA_REGISTRY_URL: registry }, dataDir);
  } finally {
    await stackTask("down", ["--purge", "--data-dir", dataDir]); // the folder itself goes with its data
  }
}

/** The same with a database. */
export async function withDatabaseStack<T>(
  work: (env: DatabaseStackEnv, dataDir: string) => Promise<T>,
  flags: readonly string[] = [],
): Promise<T> {
  return await withStack((env, dataDir) => {
    const address = databaseAddress({ dataDir, secure: isSecure(dataDir) }, readState(dataDir)!.postgresPort!);
    return work({ ...env, DATABASE_URL: databaseUrl(address) }, dataDir);
  }, ["--postgres", ...flags]);
}

async function stackTask(name: "up" | "down", flags: readonly string[]): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["task", "-q", name, ...flags],
    cwd: CHECKOUT,
    stdin: "null",
  });
  const { success, stdout, stderr } = await command.output();
  if (success) return;
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  throw new Failure(EXIT.failed, `deno task ${name} failed, the tests need a stack of their own: ${said}`);
}
