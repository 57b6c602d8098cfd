import { join } from "node:path";
import { EXIT, Failure } from "../../lib/errors.ts";
import { CHECKOUT, DEFAULT_DATA_DIR } from "./state.ts";

const KAFKA_VERSION = "4.3.1";
const REGISTRY_VERSION = "3.0.9";

/** Where the programs of the local stack lie. */
export interface Jars {
  /** Folder of Kafka's jars. */
  kafka: string;
  /** Folder of the registry, with its runner jar. */
  registry: string;
  /** Folder that holds both; archives of loaded classes go here too. */
  folder: string;
}

/**
 * The jars, fetched by Maven the first time; shared by all stacks of the checkout.
 *
 * They appear whole or not at all, so two commands may fetch at once. Permissions: run mvn, read and write of `.stack`.
 */
export async function requireJars(say: (sentence: string) => void): Promise<Jars> {
  const folder = join(DEFAULT_DATA_DIR, `jars-${KAFKA_VERSION}-${REGISTRY_VERSION}`);
  if (!isThere(folder)) {
    say(`Fetching Apache Kafka ${KAFKA_VERSION} and Apicurio Registry ${REGISTRY_VERSION} (170 MB, once)`);
    await fetchInto(folder);
  }
  return { folder, kafka: join(folder, "kafka"), registry: join(folder, "registry") };
}

/** Every jar of a folder, as an explicit classpath: a `*` in it would disable the archive of loaded classes. */
export function classpath(folder: string): string {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(".jar"));
  return names.sort().map((name) => join(folder, name)).join(":");
}

export function registryJar({ registry }: Jars): string {
  return join(registry, `apicurio-registry-app-${REGISTRY_VERSION}-runner.jar`);
}

async function fetchInto(folder: string): Promise<void> {
  Deno.mkdirSync(DEFAULT_DATA_DIR, { recursive: true });
  const temp = Deno.makeTempDirSync({ dir: DEFAULT_DATA_DIR, prefix: "fetching-" });
  try {
    const pom = join(CHECKOUT, "tools/stack/pom.xml");
    const args = ["-q", "-B", "-f", pom, `-Dtarget=${temp}`, "package"];
    const { success, stdout } = await new Deno.Command("mvn", { args, stdin: "null", stderr: "null" }).output();
    if (!success) throw new Failure(EXIT.failed, `Maven cannot fetch the stack: ${firstError(stdout)}`);
    renameUnlessThere(temp, folder);
  } finally {
    if (isThere(temp)) Deno.removeSync(temp, { recursive: true });
  }
}

/** Another command may have been faster. */
function renameUnlessThere(temp: string, folder: string): void {
  try {
    Deno.renameSync(temp, folder);
  } catch (error) {
    if (!isThere(folder)) throw error;
  }
}

function firstError(output: Uint8Array): string {
  const line = new TextDecoder().decode(output).split("\n").find((line) => line.includes("ERROR")) ?? "no message";
  // deno-lint-ignore no-control-regex -- Maven's colours
  return line.replace(/\x1b\[[\d;]*m/g, "").replace(/^\[ERROR\] /, "").trim();
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
