import { join, resolve } from "node:path";
import { object } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { choice, port } from "@optique/core/valueparser";
import { main } from "../../lib/cli/main.ts";
import { line, parseArgs } from "../../lib/cli/parse.ts";
import { print } from "../../lib/cli/print.ts";
import { groupSetting, topicSetting } from "../../lib/cli/settings.ts";
import { EXIT, Failure } from "../../lib/errors.ts";
import { exists } from "../../lib/files/disk/exists.ts";
import { deadLetterTopic } from "../../lib/topics.ts";
import { dataDirFlag } from "./data_dir_flag.ts";
import { CONTROL_CENTER, startDocker } from "./docker_stack.ts";
import { DEFAULT_DATA_DIR, LOCK_FILE } from "./folders.ts";
import { jarsFolder } from "./jars.ts";
import { startLocal } from "./local_stack.ts";
import { KAFKA_PORT, REGISTRY_PORT, type StackWish } from "./plan.ts";
import { HOST } from "./ports.ts";
import { hasDatabase } from "./postgres/database_folder.ts";
import { databaseLines } from "./postgres/database_lines.ts";
import { secureLines } from "./secure/env_files.ts";
import { requireSameSecurity } from "./secure/secure_folder.ts";
import { withLock } from "./stack_lock.ts";
import { readState, type StackState } from "./state.ts";
import { findDocker, findJava, findMaven, isUnfit } from "./toolchain.ts";

/** Deno separates the paths in a flag by commas, and its task shell collapses several blanks into one. */
const UNGRANTABLE = /,|\s\s|\n/;

const anyPort = port({ min: 0 });

const parser = object({
  local: option("--local", { description: line("Apache Kafka and Apicurio Registry on this machine's Java") }),
  docker: option("--docker", { description: line("Confluent's Kafka, registry and Control Center in Docker") }),
  secure: option("--secure", {
    description: line("With passwords, TLS and access rights, to try them out; only from jars"),
  }),
  postgres: option("--postgres", {
    description: line("Also PostgreSQL, for DATABASE_URL; from then on it starts with the stack"),
  }),
  nodes: optional(option("--nodes", choice([1, 3], { metavar: "N" }), { description: line("Brokers (default 1)") })),
  ...dataDirFlag,
  kafkaPort: optional(
    option("--kafka-port", anyPort, {
      description: line(`Port of the first broker, 0 for a free one (default ${KAFKA_PORT})`),
    }),
  ),
  registryPort: optional(
    option("--registry-port", anyPort, {
      description: line(`Port of the registry, 0 for a free one (default ${REGISTRY_PORT})`),
    }),
  ),
});

export interface UpConfig extends StackWish {
  /** Undefined: whatever this machine has. */
  mode?: StackState["mode"];
}

/**
 * Reads the arguments, ORDERS_TOPIC and CONSUMER_GROUP_ID. Throws a usage {@linkcode Failure}. Permissions: env of the
 * settings.
 */
export function configure(args: readonly string[]): UpConfig {
  const { local, docker, dataDir, ...wishes } = parseArgs(parser, args, {
    name: "up",
    brief: "Starts Kafka and the Schema Registry, creates the topics, and returns when everything answers.",
    examples: [
      "deno task up",
      "deno task up --nodes 3",
      "deno task up --secure",
      "deno task up --postgres",
      "deno task up --data-dir .stack/other --kafka-port 0 --registry-port 0",
    ],
  });
  if (local && docker) throw new Failure(EXIT.usage, "--local and --docker exclude each other");
  if (docker && wishes.secure) {
    throw new Failure(EXIT.usage, "--secure is for --local: the stack in Docker has no users");
  }
  const folder = resolve(dataDir ?? DEFAULT_DATA_DIR);
  if (wishes.secure && UNGRANTABLE.test(folder)) {
    const why = "deno task cannot grant a certificate whose path has a comma or blanks in a row";
    throw new Failure(EXIT.config, `A secure stack cannot be kept in ${folder}, ${why}: pass another --data-dir`);
  }
  const topic = topicSetting({ topic: undefined });
  const group = groupSetting({ group: undefined });
  const mode = docker ? "docker" : local || wishes.secure ? "local" : undefined;
  return { ...wishes, mode, topic, group, dataDir: folder };
}

/**
 * Starts Kafka, the Schema Registry and, once it was asked for, PostgreSQL, and creates the topics; returns when
 * everything answers. Safe to repeat.
 *
 * Permissions: net; run java, mvn, sh, docker; env JAVA_HOME and the names kafkajs reads; read, write of the checkout's
 * `.stack` and of the data folder.
 */
export async function run(config: UpConfig, stop: AbortSignal): Promise<void> {
  await withLock(join(config.dataDir, LOCK_FILE), stop, async () => {
    requireSameSecurity(config);
    const mode = await chooseMode(config);
    const wish = { ...config, postgres: config.postgres || hasDatabase(config.dataDir) };
    print(mode === "docker" ? await upDocker(wish, stop) : await upLocal(wish, stop));
  });
}

async function chooseMode({ mode, dataDir }: UpConfig): Promise<StackState["mode"]> {
  const running = readState(dataDir)?.mode;
  if (mode !== undefined && running !== undefined && mode !== running) {
    throw new Failure(EXIT.busy, `The stack was started with --${running}: end it with deno task down first`);
  }
  if (mode !== undefined) return mode;
  if (running !== undefined) return running;
  const java = await findJava();
  const unfit = [java, exists(await jarsFolder(dataDir)) ? "not needed" : await findMaven()].find(isUnfit);
  if (unfit === undefined) return "local";
  if (await findDocker() !== undefined) return "docker";
  throw new Failure(
    EXIT.config,
    `Kafka needs Java 17 or later and Maven, or Docker; ${unfit.found}: ${unfit.remedy}, or install Docker`,
  );
}

async function upDocker(wish: StackWish, stop: AbortSignal): Promise<string> {
  const state = await startDocker(wish, stop);
  return [
    `Up in Docker: ${describe(state, wish.topic)}`,
    `Control Center: ${CONTROL_CENTER}`,
    ...exportLines(state, wish),
    ...databaseLines(wish, state),
  ].join("\n");
}

async function upLocal(wish: StackWish, stop: AbortSignal): Promise<string> {
  const startedAt = performance.now();
  const java = await findJava();
  if (isUnfit(java)) {
    const otherwise = wish.secure ? "" : ", or use deno task up --docker";
    throw new Failure(EXIT.config, `Kafka needs Java 17 or later; ${java.found}: ${java.remedy}${otherwise}`);
  }
  const { state, started } = await startLocal(java, wish, stop);
  const lines = [];
  if (started.length === 0) {
    lines.push(`Running already: ${describe(state, wish.topic)}`);
  } else {
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    lines.push(`Started ${started.join(", ")} in ${seconds} s: ${describe(state, wish.topic)}`);
  }
  const ignored = ignoredWishes(state, wish);
  if (ignored.length > 0) lines.push(`Not as asked (${ignored.join(", ")}): that takes a deno task down first`);
  lines.push(...(wish.secure ? secureLines(wish.dataDir, state) : exportLines(state, wish)));
  return [...lines, ...databaseLines(wish, state)].join("\n");
}

function describe(state: StackState, topic: string): string {
  const database = state.postgresPort === undefined ? "" : `, PostgreSQL ${HOST}:${state.postgresPort}`;
  return `Kafka ${state.brokers}, registry ${state.registry}${database}, topics ${topic} and ${deadLetterTopic(topic)}`;
}

/** What was asked for but is different, because the stack was already running. */
function ignoredWishes(state: StackState, wish: StackWish): string[] {
  const differs = (asked: number | undefined, is: number) => asked !== undefined && asked !== 0 && asked !== is;
  const ignored = [];
  if (differs(wish.nodes, state.nodes)) ignored.push(`--nodes ${wish.nodes}`);
  if (differs(wish.kafkaPort, state.kafkaPort)) ignored.push(`--kafka-port ${wish.kafkaPort}`);
  if (differs(wish.registryPort, state.registryPort)) ignored.push(`--registry-port ${wish.registryPort}`);
  return ignored;
}

/** Other commands find the default stack by themselves; any other has to be exported. */
function exportLines(state: StackState, wish: StackWish): string[] {
  const isDefault = wish.dataDir === DEFAULT_DATA_DIR && state.kafkaPort === KAFKA_PORT &&
    state.registryPort === REGISTRY_PORT;
  if (isDefault) return [];
  return [`export KAFKA_BOOTSTRAP_SERVERS=${state.brokers}`, `export SCHEMA_REGISTRY_URL=${state.registry}`];
}

if (import.meta.main) await main((args, stop) => run(configure(args), stop));
