import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { EXIT, Failure } from "../../lib/errors.ts";
import { classpath, type Jars, registryJar } from "./jars.ts";
import { type ProcessRecord, startDetached } from "./processes.ts";

/** Ports of one stack: brokers at `kafkaPort`, +1, …; their controllers after those. */
export interface Ports {
  kafka: number[];
  controllers: number[];
  registry: number;
}

/** JVM flags that make a start quick: one compiler tier, and classes mapped from an archive of an earlier run. */
function quickStart({ folder }: Jars, program: string, dataDir: string): string[] {
  const archive = archivePath(folder, program);
  // -Xshare:auto, the default, starts without the archive where it does not fit this JVM.
  const archiving = isThere(archive)
    ? [`-XX:SharedArchiveFile=${archive}`, "-Xlog:cds=off", "-Xlog:cds+dynamic=off"]
    : [`-XX:ArchiveClassesAtExit=${newArchivePath(dataDir, program)}`, "-Xlog:cds=off", "-Xlog:cds+dynamic=off"];
  return ["-XX:TieredStopAtLevel=1", ...archiving];
}

/** Takes over the archive that a JVM wrote while it ended, for the next starts of all stacks of the checkout. */
export function keepArchives({ folder }: Jars, dataDir: string): void {
  for (const program of ["kafka", "registry"]) {
    const fresh = newArchivePath(dataDir, program);
    if (isThere(fresh)) Deno.renameSync(fresh, archivePath(folder, program));
  }
}

/** Starts broker `node` (from 1) of a cluster; formats its folder the first time. Permissions: run java, read, write. */
export async function startKafka(jars: Jars, dataDir: string, ports: Ports, node: number): Promise<ProcessRecord> {
  const folder = join(dataDir, `kafka-${node}`);
  Deno.mkdirSync(folder, { recursive: true });
  const properties = join(folder, "server.properties");
  Deno.writeTextFileSync(properties, serverProperties(folder, ports, node));
  const jarPath = classpath(jars.kafka);
  if (!isThere(join(folder, "data/meta.properties"))) await format(jarPath, properties, clusterId(dataDir));
  const heap = ports.kafka.length === 1 ? "-Xmx512m" : "-Xmx256m";
  const archive = node === 1 ? quickStart(jars, "kafka", dataDir) : ["-XX:TieredStopAtLevel=1"];
  const args = [heap, "-XX:+UseSerialGC", ...archive, "-cp", jarPath, "kafka.Kafka", properties];
  return startDetached("java", args, { log: join(folder, "kafka.log"), cwd: folder });
}

/** Starts the registry; its schemas are in an H2 file, so that ids outlive a restart. Permissions as above. */
export function startRegistry(jars: Jars, dataDir: string, { registry: port }: Ports): ProcessRecord {
  const folder = join(dataDir, "registry");
  Deno.mkdirSync(folder, { recursive: true });
  const settings = {
    "quarkus.http.host": "127.0.0.1",
    "quarkus.http.port": port,
    "quarkus.management.enabled": false,
    "apicurio.storage.kind": "sql",
    "apicurio.storage.sql.kind": "h2",
    "apicurio.datasource.url": `jdbc:h2:file:${join(folder, "schemas")}`,
  };
  const properties = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`);
  const flags = ["-Xmx256m", "-XX:+UseSerialGC", ...quickStart(jars, "registry", dataDir)];
  const args = [...flags, ...properties, "-jar", registryJar(jars)];
  return startDetached("java", args, { log: join(folder, "registry.log"), cwd: folder });
}

/** The settings of one combined broker and controller. */
export function serverProperties(folder: string, { kafka, controllers }: Ports, node: number): string {
  const replicas = Math.min(3, kafka.length);
  const voters = controllers.map((port, index) => `${index + 1}@127.0.0.1:${port}`).join(",");
  const settings = {
    "process.roles": "broker,controller",
    "node.id": node,
    "controller.quorum.voters": voters,
    listeners: `PLAINTEXT://127.0.0.1:${kafka[node - 1]},CONTROLLER://127.0.0.1:${controllers[node - 1]}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${kafka[node - 1]}`,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "log.dirs": join(folder, "data"),
    "num.partitions": 3,
    "default.replication.factor": replicas,
    "min.insync.replicas": Math.max(1, replicas - 1),
    "offsets.topic.replication.factor": replicas,
    "offsets.topic.num.partitions": 5,
    "transaction.state.log.replication.factor": replicas,
    "transaction.state.log.num.partitions": 5,
    "transaction.state.log.min.isr": Math.max(1, replicas - 1),
    "group.initial.rebalance.delay.ms": 0,
    "auto.create.topics.enable": false,
    // Only with several nodes does anyone wait for a dead one.
    ...(replicas > 1 ? { "broker.session.timeout.ms": 3000, "broker.heartbeat.interval.ms": 500 } : {}),
  };
  return Object.entries(settings).map(([name, value]) => `${name}=${value}\n`).join("");
}

async function format(jarPath: string, properties: string, cluster: string): Promise<void> {
  const tool = ["-XX:TieredStopAtLevel=1", "-cp", jarPath, "kafka.tools.StorageTool"];
  const args = [...tool, "format", "-t", cluster, "-c", properties];
  const { success, stderr } = await new Deno.Command("java", { args, stdout: "null" }).output();
  if (success) return;
  const why = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  throw new Failure(EXIT.failed, `Kafka cannot format its data folder: ${why}`);
}

/** Kafka's cluster id, the same for all nodes: 16 random bytes in URL-safe base 64 (`StorageTool random-uuid`). */
function clusterId(dataDir: string): string {
  const path = join(dataDir, "cluster.id");
  if (!isThere(path)) Deno.writeTextFileSync(path, randomBytes(16).toString("base64url"));
  return Deno.readTextFileSync(path);
}

function archivePath(folder: string, program: string): string {
  return join(folder, `${program}.jsa`);
}

function newArchivePath(dataDir: string, program: string): string {
  return join(dataDir, `${program}.jsa.new`);
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
