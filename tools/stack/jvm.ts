import { join } from "node:path";
import { exists } from "../../lib/files/disk/exists.ts";
import { isWritable, REGISTRY } from "./folders.ts";
import type { Jars } from "./jars.ts";
import { HOST } from "./ports.ts";
import type { Java } from "./toolchain.ts";

/** Only the fast compiler, and the simple garbage collector: starts in half the time, and is no slower at our rates. */
const QUICK = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xlog:disable", "-Xlog:all=error:stderr"];
const KAFKA_LOG = {
  "org.slf4j.simpleLogger.defaultLogLevel": "warn",
  "org.slf4j.simpleLogger.showDateTime": "true",
  "org.slf4j.simpleLogger.dateTimeFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSZ",
};
const ARCHIVE_SUFFIX = ".jsa";

/** Runs a class of Kafka's. */
function kafka(java: Java, jars: Jars, flags: readonly string[]): string[] {
  return [java.path, ...QUICK, ...flags, ...properties(KAFKA_LOG), "-cp", jars.kafkaClasspath];
}

/** The command that starts the broker whose working folder has `server.properties`. `heapMb` is its maximum heap. */
export function brokerCommand(java: Java, jars: Jars, options: { folder: string; heapMb: number }): string[] {
  const flags = [`-Xmx${options.heapMb}m`, archiveFlag(java, jars, options.folder, "kafka")];
  return [...kafka(java, jars, flags), "kafka.Kafka", "server.properties"];
}

/** The command that prepares the data folder of a new broker, which then knows the users of `credentials`. */
export function formatCommand(
  java: Java,
  jars: Jars,
  { clusterId, credentials }: { clusterId: string; credentials: readonly string[] },
): string[] {
  const users = credentials.map((credential) => `--add-scram=${credential}`);
  const args = ["format", `--cluster-id=${clusterId}`, "--config=server.properties", ...users];
  return [...kafka(java, jars, sharedArchiveFlag(java, jars, "kafka")), "kafka.tools.StorageTool", ...args];
}

/** The command that starts Apicurio Registry; its database is a file in the working folder. */
export function registryCommand(java: Java, jars: Jars, options: { folder: string; port: number }): string[] {
  const settings = properties({
    // With storage in Kafka topics it takes twice as long to start; in memory, ids would change while messages still
    // name them.
    "apicurio.storage.kind": "sql",
    "apicurio.storage.sql.kind": "h2",
    // Without the delay, an id assigned in the last half second would not survive a kill and be assigned again.
    "apicurio.datasource.url": "jdbc:h2:file:./data/registry;WRITE_DELAY=0",
    "quarkus.http.host": HOST,
    "quarkus.http.port": String(options.port),
    "quarkus.management.enabled": "false",
    "quarkus.http.access-log.enabled": "false",
    "quarkus.banner.enabled": "false",
    "quarkus.log.level": "WARN",
    "apicurio.log.level": "WARN",
  });
  const flags = ["-Xmx256m", archiveFlag(java, jars, options.folder, REGISTRY)];
  return [java.path, ...QUICK, ...flags, ...settings, "-jar", jars.registryJar];
}

/**
 * An archive of loaded classes makes a start three times as fast. It is first written when the process ends, into the
 * service's folder; {@linkcode keepArchives} then shares it. The JVM ignores one that does not fit.
 */
function archiveFlag(java: Java, jars: Jars, folder: string, name: string): string {
  const [shared] = sharedArchiveFlag(java, jars, name);
  return shared ?? `-XX:ArchiveClassesAtExit=${join(folder, archiveName(java, name))}`;
}

/** Uses the archive of `name` if there is one. */
function sharedArchiveFlag(java: Java, jars: Jars, name: string): string[] {
  const path = join(jars.folder, archiveName(java, name));
  return exists(path) ? [`-XX:SharedArchiveFile=${path}`] : [];
}

function archiveName(java: Java, name: string): string {
  return `${name}-${java.build}${ARCHIVE_SUFFIX}`;
}

/**
 * Shares the archives that processes wrote into `folder`. If `whole` is false, or the jar folder is read-only, only
 * removes them.
 *
 * Permissions: read, write of both folders.
 */
export function keepArchives(folder: string, jarsFolder: string, whole: boolean): void {
  for (const { name } of Deno.readDirSync(folder)) {
    if (!name.endsWith(ARCHIVE_SUFFIX)) continue;
    if (whole && exists(jarsFolder) && isWritable(jarsFolder)) share(join(folder, name), join(jarsFolder, name));
    Deno.removeSync(join(folder, name));
  }
}

/** Removes the shared archives of this Java: the JVM checks that an archive fits, not that it is whole. */
export function dropArchives(java: Java, jars: Jars): void {
  for (const name of ["kafka", REGISTRY]) {
    const path = join(jars.folder, archiveName(java, name));
    if (exists(path)) Deno.removeSync(path);
  }
}

/**
 * Copy and rename: the data folder may be on another disk, and a JVM that starts meanwhile must see all of it or
 * nothing.
 */
function share(path: string, target: string): void {
  if (exists(target)) return;
  const temp = `${target}.${crypto.randomUUID()}`;
  Deno.copyFileSync(path, temp);
  Deno.renameSync(temp, target);
}

function properties(settings: Record<string, string>): string[] {
  return Object.entries(settings).map(([name, value]) => `-D${name}=${value}`);
}
