import { join } from "node:path";
import { EXIT, Failure } from "../../lib/errors.ts";
import { CHECKOUT, DEFAULT_DATA_DIR, readState, type StackState, writeState } from "./state.ts";

const COMPOSE_FILE = join(CHECKOUT, "docker/compose.yml");

/** Starts the Confluent stack and returns when every service is healthy. Permissions: run docker, write of `.stack`. */
export async function upDocker(
  { kafkaPort = 9092, registryPort = 8081 }: { kafkaPort?: number; registryPort?: number },
): Promise<{ state: StackState; started: number }> {
  const before = readState(DEFAULT_DATA_DIR);
  await compose(["up", "-d", "--wait"], { KAFKA_PORT: String(kafkaPort), REGISTRY_PORT: String(registryPort) });
  const state: StackState = {
    mode: "docker",
    brokers: `localhost:${kafkaPort}`,
    registry: `http://localhost:${registryPort}`,
    nodes: 1,
    kafkaPort,
    registryPort,
    processes: {},
  };
  Deno.mkdirSync(DEFAULT_DATA_DIR, { recursive: true });
  writeState(DEFAULT_DATA_DIR, state);
  return { state, started: before?.mode === "docker" ? 0 : 1 };
}

/** Stops the Confluent stack; `purge` deletes its volumes. Permission: run docker. */
export async function downDocker(purge: boolean): Promise<void> {
  await compose(purge ? ["down", "-v"] : ["down"], {});
}

async function compose(args: string[], env: Record<string, string>): Promise<void> {
  const command = new Deno.Command("docker", { args: ["compose", "-f", COMPOSE_FILE, ...args], env, stdin: "null" });
  const { success } = await command.spawn().status;
  if (!success) throw new Failure(EXIT.failed, `docker compose ${args.join(" ")} failed; its message is above`);
}
