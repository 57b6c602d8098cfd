import { join } from "node:path";
import { testKafka } from "./kafka.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/**
 * Runs a class of Kafka's own command-line tools against the test's brokers, with `input` on its stdin; its output.
 * Permission: run java.
 */
export async function kafkaTool(mainClass: string, args: readonly string[], input = ""): Promise<string> {
  const child = new Deno.Command("java", {
    args: ["-cp", join(kafkaJars(), "*"), mainClass, "--bootstrap-server", testKafka().brokers.join(","), ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
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
