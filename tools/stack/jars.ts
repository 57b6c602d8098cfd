import { delimiter, dirname, join } from "node:path";
import { print } from "../../lib/cli/print.ts";
import { EXIT, Failure } from "../../lib/errors.ts";
import { exists } from "../../lib/files/disk/exists.ts";
import { CHECKOUT, DEFAULT_DATA_DIR, FETCH_LOCK_FILE, isReadable, isWritable, JARS_PREFIX } from "./folders.ts";
import { withLock } from "./stack_lock.ts";
import { findMaven, isUnfit, JAVA_ENV } from "./toolchain.ts";

const POM = join(CHECKOUT, "tools", "stack", "pom.xml");
/** Separators of Java's: of a class path, between a jar and what is in it, around a variable of Maven's. */
const NO_PATH_OF_JAVA = new RegExp(`${delimiter}|!/|\\$\\{`);

export interface Jars {
  /** Holds `kafka/`, `registry/` and the class archives made from them. */
  folder: string;
  /** Kafka's jars one by one: with a wildcard the JVM ignores a class archive. */
  kafkaClasspath: string;
  registryJar: string;
}

/**
 * The jars of `pom.xml` for the stack in `dataDir`, fetched with Maven the first time (about 160 MB).
 *
 * Throws a {@linkcode Failure}: 69 with what Maven says, 78 where that is missing or Java takes the folder for something else. Permissions:
 * run mvn; read, write of the checkout's `.stack`, or of `dataDir`.
 */
export async function provideJars(dataDir: string, stop: AbortSignal): Promise<Jars> {
  const folder = await jarsFolder(dataDir);
  const wrong = NO_PATH_OF_JAVA.exec(folder)?.[0];
  if (wrong !== undefined) {
    throw new Failure(EXIT.config, `Java runs nothing in ${folder}: move it to a path without "${wrong}"`);
  }
  if (!exists(folder)) {
    await withLock(join(dirname(folder), FETCH_LOCK_FILE), stop, async () => {
      if (!exists(folder)) await fetchJars(folder, stop);
    });
  }
  const kafka = [...Deno.readDirSync(join(folder, "kafka"))].map(({ name }) => join(folder, "kafka", name)).sort();
  const runner = [...Deno.readDirSync(join(folder, "registry"))].find(({ name }) => name.endsWith("-runner.jar"));
  return { folder, kafkaClasspath: kafka.join(delimiter), registryJar: join(folder, "registry", runner!.name) };
}

/**
 * Where the jars of the stack in `dataDir` are, or will be: in the checkout, for all its stacks, but where that cannot be
 * written. The folder is named by the POM's contents. Permissions: read, write of both folders.
 */
export async function jarsFolder(dataDir: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", Deno.readFileSync(POM));
  const name = `${JARS_PREFIX}${new Uint8Array(digest).toHex().slice(0, 8)}`;
  const shared = join(DEFAULT_DATA_DIR, name);
  return isReadable(shared) || isWritable(DEFAULT_DATA_DIR) ? shared : join(dataDir, name);
}

/** Into another folder first: an interrupted download never looks whole. */
async function fetchJars(folder: string, stop: AbortSignal): Promise<void> {
  const maven = await findMaven();
  if (isUnfit(maven)) throw new Failure(EXIT.config, `Kafka comes by Maven; ${maven.found}: ${maven.remedy}`);
  print("Fetching Kafka and the registry with Maven, about 160 MB, this once");
  const temp = `${folder}.${crypto.randomUUID()}`;
  Deno.mkdirSync(temp);
  try {
    const { success, stdout } = await new Deno.Command("mvn", {
      args: ["-q", "-B", "-f", POM, `-Djars=${temp}`, "package"],
      env: JAVA_ENV,
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
