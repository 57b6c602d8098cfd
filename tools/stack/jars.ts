import { delimiter, join } from "node:path";
import { EXIT, Failure } from "../../lib/errors.ts";
import { CHECKOUT } from "./folders.ts";
import { type Package, packageFolder, providePackage } from "./maven.ts";

const PACKAGE: Package = {
  what: "Kafka and the registry",
  megabytes: 160,
  pom: join(CHECKOUT, "tools", "stack", "pom.xml"),
};
/** Separators of Java and Maven: in a class path, between a jar and its contents, around a variable. */
const NO_PATH_OF_JAVA = new RegExp(`${delimiter}|!/|\\$\\{`);

export interface Jars {
  /** Holds `kafka/`, `registry/` and the class archives made from them. */
  folder: string;
  /** Kafka's jars one by one: with a wildcard the JVM ignores its class archive. */
  kafkaClasspath: string;
  registryJar: string;
}

/**
 * The jars of `pom.xml` for the stack in `dataDir`, fetched with Maven the first time.
 *
 * Throws a {@linkcode Failure}: 69 with Maven's message, 78 if Maven is missing, or if Java would misread the folder's
 * path. Permissions: run mvn; read, write of the checkout's `.stack`, or of `dataDir`.
 */
export async function provideJars(dataDir: string, stop: AbortSignal): Promise<Jars> {
  const wrong = NO_PATH_OF_JAVA.exec(await jarsFolder(dataDir));
  if (wrong !== null) {
    throw new Failure(EXIT.config, `Java runs nothing in ${wrong.input}: move it to a path without "${wrong[0]}"`);
  }
  const folder = await providePackage(PACKAGE, dataDir, stop);
  const kafka = [...Deno.readDirSync(join(folder, "kafka"))].map(({ name }) => join(folder, "kafka", name)).sort();
  const runner = [...Deno.readDirSync(join(folder, "registry"))].find(({ name }) => name.endsWith("-runner.jar"));
  return { folder, kafkaClasspath: kafka.join(delimiter), registryJar: join(folder, "registry", runner!.name) };
}

/** The jar folder of the stack in `dataDir`, which may not exist yet. Permissions: read, write of both folders. */
export function jarsFolder(dataDir: string): Promise<string> {
  return packageFolder(PACKAGE, dataDir);
}
