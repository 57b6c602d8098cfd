import { join } from "node:path";
import { testBrokers } from "./kafka.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/** Runs a class of Kafka's own command-line tools against the test's brokers; its output. Permission: run java. */
export async function kafkaTool(mainClass: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("java", {
    args: ["-cp", join(kafkaJars(), "*"), mainClass, "--bootstrap-server", testBrokers().join(","), ...args],
    stdin: "null",
  }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  if (code !== 0) throw new Error(`${mainClass} ended with ${code}: ${said}`);
  return said;
}

/** Where `deno task up` keeps the jars of Kafka. */
function kafkaJars(): string {
  const folders = [...Deno.readDirSync(join(ROOT, ".stack"))].filter(({ name }) => name.startsWith("jars"))
    .map(({ name }) => join(ROOT, ".stack", name));
  if (folders.length === 0) throw new Error("No Kafka jars below .stack: deno task up fetches them");
  // An older one may be left of an older pom.xml.
  const newest = folders.reduce((a, b) => (Deno.statSync(a).mtime! > Deno.statSync(b).mtime! ? a : b));
  return join(newest, "kafka");
}
