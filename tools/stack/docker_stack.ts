import { join } from "node:path";
import { EXIT, Failure } from "../../lib/errors.ts";
import { exists } from "../../lib/files/disk/exists.ts";
import { ensureTopics } from "../../lib/kafka/client/topics_admin.ts";
import { CHECKOUT, DOCKER_FILE } from "./folders.ts";
import { KAFKA_PORT, postgresPort, REGISTRY_PORT, rememberPlan, type StackWish } from "./plan.ts";
import { HOST } from "./ports.ts";
import { provideDatabase } from "./postgres/database.ts";
import { databaseFolder, provideDatabaseFolder, readDatabasePassword } from "./postgres/database_folder.ts";
import { writeDatabaseEnvFiles } from "./postgres/database_url.ts";
import { SUPERUSER } from "./postgres/roles.ts";
import { readState, removeState, type StackState, writeState } from "./state.ts";

const COMPOSE_FILE = join(CHECKOUT, "docker", "compose.yml");
/** A profile of `docker compose`: without it the service is ignored, even if it runs. */
const DATABASE_TOO = ["--profile", "postgres"];
export const CONTROL_CENTER = "http://localhost:9021";

/**
 * Starts Confluent's stack and returns when each of its containers is healthy and the topics exist.
 *
 * Throws a {@linkcode Failure} (69) if it does not come up or `stop` aborts, having stopped the containers it created.
 * Permissions: net; run docker; env of kafkajs; read, write of the data folder.
 */
export async function startDocker(wish: StackWish, stop: AbortSignal): Promise<StackState> {
  const { dataDir, topic, kafkaPort = KAFKA_PORT, registryPort = REGISTRY_PORT } = wish;
  if (kafkaPort === 0 || registryPort === 0 || wish.nodes === 3) {
    throw new Failure(EXIT.usage, "--nodes 3 and ports of 0 are for --local: the stack in Docker has one broker");
  }
  Deno.writeTextFileSync(join(dataDir, DOCKER_FILE), "");
  const database = wish.postgres ? prepareDatabase(dataDir) : undefined;
  const env = { KAFKA_PORT: String(kafkaPort), REGISTRY_PORT: String(registryPort), ...database?.env };
  try {
    await compose([...(database ? DATABASE_TOO : []), "up", "--detach", "--wait"], { env, stop });
    await ensureTopics({ brokers: [`${HOST}:${kafkaPort}`] }, topic);
    if (database !== undefined) await provideDatabase(database.address, stop);
  } catch (error) {
    await compose([...DATABASE_TOO, "down"], { env });
    throw error;
  }
  if (database !== undefined) writeDatabaseEnvFiles(database.address);
  const state: StackState = {
    mode: "docker",
    brokers: `${HOST}:${kafkaPort}`,
    registry: `http://${HOST}:${registryPort}`,
    nodes: 1,
    kafkaPort,
    registryPort,
    postgresPort: database?.address.port,
    pids: {},
    startedAt: new Date().toISOString(),
  };
  writeState(dataDir, state);
  return state;
}

/** Stops it; with `purge` also removes its volumes. Permissions: run docker, write of the data folder. */
export async function stopDocker(dataDir: string, { purge }: { purge: boolean }): Promise<void> {
  await compose([...DATABASE_TOO, "down", ...(purge ? ["--volumes"] : [])]);
  removeState(dataDir);
}

/** The passwords and the port of the container, kept as for a local server. */
function prepareDatabase(dataDir: string) {
  const folder = databaseFolder(dataDir);
  provideDatabaseFolder(folder);
  const port = postgresPort(dataDir, { isRunning: readState(dataDir)?.postgresPort !== undefined });
  rememberPlan(dataDir, { postgres: port });
  const env = { POSTGRES_PORT: String(port), POSTGRES_PASSWORD: readDatabasePassword(folder, SUPERUSER) };
  return { address: { folder, port }, env };
}

/** Whether the stack in `dataDir` was ever started in Docker. Permission: read. */
export function hasDockerData(dataDir: string): boolean {
  return exists(join(dataDir, DOCKER_FILE));
}

/** Runs `docker compose` on the stack's file and shows its output. */
async function compose(
  args: readonly string[],
  { env, stop }: { env?: Record<string, string>; stop?: AbortSignal } = {},
): Promise<void> {
  const { success } = await new Deno.Command("docker", {
    args: ["compose", "--file", COMPOSE_FILE, ...args],
    env,
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
    signal: stop,
  }).output();
  if (!success) {
    throw new Failure(
      EXIT.unavailable,
      `docker compose ${args.find((arg) => /^(up|down)$/.test(arg))} failed; what it says is above`,
    );
  }
}
