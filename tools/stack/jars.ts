import { join } from "node:path";
import { print } from "../../lib/cli/print.ts";
import { EXIT, Failure } from "../../lib/errors.ts";
import { exists } from "../../lib/files/storage_folder.ts";
import { CHECKOUT } from "./folders.ts";
import { withLock } from "./stack_lock.ts";

/** All stacks of a checkout share the jars, whatever their data folders. */
const CACHE = join(CHECKOUT, ".stack");
const POM = join(CHECKOUT, "tools", "stack", "pom.xml");

export interface Jars {
  /** Holds `kafka/`, `registry/` and the class archives made from them. */
  folder: string;
  /** Kafka's jars one by one: with a wildcard the JVM ignores a class archive. */
  kafkaClasspath: string;
  registryJar: string;
}

/**
 * The jars of `pom.xml`, fetched with Maven the first time (about 160 MB) into a folder named by the POM's contents.
 *
 * Throws a {@linkcode Failure} (69) with what Maven says. Permissions: run mvn; read, write of the checkout's `.stack`.
 */
export async function provideJars(stop: AbortSignal): Promise<Jars> {
  const folder = await jarsFolder();
  if (!exists(folder)) {
    Deno.mkdirSync(CACHE, { recursive: true });
    await withLock(join(CACHE, "fetch.lock"), stop, async () => {
      if (!exists(folder)) await fetchJars(folder, stop);
    });
  }
  const kafka = [...Deno.readDirSync(join(folder, "kafka"))].map(({ name }) => join(folder, "kafka", name)).sort();
  const runner = [...Deno.readDirSync(join(folder, "registry"))].find(({ name }) => name.endsWith("-runner.jar"));
  return { folder, kafkaClasspath: kafka.join(":"), registryJar: join(folder, "registry", runner!.name) };
}

/** Where the jars are, or will be. */
export async function jarsFolder(): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", Deno.readFileSync(POM));
  return join(CACHE, `jars-${new Uint8Array(digest).toHex().slice(0, 8)}`);
}

/** Into another folder first: an interrupted download never looks whole. */
async function fetchJars(folder: string, stop: AbortSignal): Promise<void> {
  print("Fetching Kafka and the registry with Maven, this once");
  const temp = Deno.makeTempDirSync({ dir: CACHE, prefix: "fetch-" });
  try {
    const { success, stdout } = await new Deno.Command("mvn", {
      args: ["-q", "-B", "-f", POM, `-Djars=${temp}`, "package"],
      stdin: "null",
      signal: stop,
    }).output();
    if (!success) throw new Failure(EXIT.unavailable, `Cannot fetch Kafka and the registry: ${complaint(stdout)}`);
    Deno.renameSync(temp, folder);
  } catch (error) {
    Deno.removeSync(temp, { recursive: true });
    throw error;
  }
}

function complaint(stdout: Uint8Array): string {
  const lines = new TextDecoder().decode(stdout).split("\n");
  return lines.find((line) => line.includes("[ERROR]"))?.replace(/^.*?\[ERROR\] /, "") ?? "Maven was stopped";
}
