import { object } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { choice, integer, string } from "@optique/core/valueparser";
import { resolve } from "node:path";
import { main } from "../../lib/cli/main.ts";
import { line, parseArgs } from "../../lib/cli/parse.ts";
import { EXIT, Failure } from "../../lib/errors.ts";
import { ensureTopics } from "../../lib/kafka/topics_admin.ts";
import { upDocker } from "./docker.ts";
import { chooseMode } from "./java.ts";
import { type LocalRequest, upLocal } from "./local.ts";
import { DEFAULT_DATA_DIR, type StackState } from "./state.ts";

export interface UpConfig extends LocalRequest {
  mode?: "local" | "docker";
  topic: string;
}

const parser = object({
  docker: option("--docker", { description: line("The Confluent stack in Docker, with Control Center") }),
  local: option("--local", {
    description: line("Apache Kafka and Apicurio Registry from jars, on Java 17+ and Maven"),
  }),
  nodes: optional(option("--nodes", choice([1, 3]), { description: line("Brokers of a local stack") })),
  dataDir: optional(option("--data-dir", string({ metavar: "FOLDER" }), {
    description: line("Where a local stack keeps its data; .stack by default"),
  })),
  kafkaPort: optional(option("--kafka-port", integer({ min: 0, max: 65_000, metavar: "N" }), {
    description: line("Port of the (first) broker, 9092 by default; 0: any free one"),
  })),
  registryPort: optional(option("--registry-port", integer({ min: 0, max: 65_535, metavar: "N" }), {
    description: line("Port of the Schema Registry, 8081 by default; 0: any free one"),
  })),
});

/**
 * Starts Kafka and a Schema Registry, creates the topics, and returns when both answer; what runs already stays.
 *
 * Permissions: net; run java, mvn and docker; read and write of the data folder and `.stack`; read of /proc and the
 * checkout; env ORDERS_TOPIC, KAFKA_PORT, REGISTRY_PORT and what kafkajs reads.
 */
export async function run(config: UpConfig, stop: AbortSignal): Promise<StackState> {
  const begin = performance.now();
  const mode = config.mode ?? chooseMode();
  const { state, started } = mode === "local"
    ? await upLocal(config, stop, (sentence) => console.log(sentence))
    : await upDocker(config);
  await ensureTopics(state.brokers.split(","), config.topic);
  const seconds = ((performance.now() - begin) / 1_000).toFixed(1);
  console.log(started === 0 ? "The stack is running already" : `The stack is up after ${seconds} s`);
  console.log(`  Kafka            ${state.brokers}\n  Schema Registry  ${state.registry}`);
  if (mode === "docker") console.log("  Control Center   http://localhost:9021");
  if (config.dataDir !== DEFAULT_DATA_DIR || state.kafkaPort !== 9092 || state.registryPort !== 8081) {
    console.log(`\nexport KAFKA_BOOTSTRAP_SERVERS=${state.brokers}\nexport SCHEMA_REGISTRY_URL=${state.registry}`);
  }
  return state;
}

export function configure(args: readonly string[]): UpConfig {
  const options = parseArgs(parser, args, {
    name: "up",
    brief: "Starts Kafka and a Schema Registry and creates the topics; returns when both answer.",
    examples: [
      "deno task up",
      "deno task up --docker",
      "deno task up --data-dir /tmp/other --kafka-port 0 --registry-port 0",
    ],
  });
  if (options.docker && options.local) throw new Failure(EXIT.usage, "--docker and --local exclude each other");
  return {
    mode: options.docker ? "docker" : options.local ? "local" : undefined,
    dataDir: options.dataDir === undefined ? DEFAULT_DATA_DIR : resolve(options.dataDir),
    nodes: options.nodes,
    kafkaPort: options.kafkaPort,
    registryPort: options.registryPort,
    topic: Deno.env.get("ORDERS_TOPIC") || "orders",
  };
}

if (import.meta.main) await main(async (args, stop) => void await run(configure(args), stop));
