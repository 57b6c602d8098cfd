import { DEFAULT_DATA_DIR } from "../../tools/stack/folders.ts";
import { provideJars } from "../../tools/stack/jars.ts";
import { findJava, isUnfit, JAVA_ENV } from "../../tools/stack/toolchain.ts";
import { testKafka } from "./kafka.ts";

/**
 * Runs a class of Kafka's own command-line tools against the test's brokers, with `input` on its stdin; its output.
 * Permission: run java.
 */
export async function kafkaTool(mainClass: string, args: readonly string[], input = ""): Promise<string> {
  const java = await findJava();
  if (isUnfit(java)) throw new Error(`${java.found}: ${java.remedy}`);
  const jars = await provideJars(DEFAULT_DATA_DIR, new AbortController().signal);
  const child = new Deno.Command(java.path, {
    args: ["-cp", jars.kafkaClasspath, mainClass, "--bootstrap-server", testKafka().brokers.join(","), ...args],
    env: JAVA_ENV,
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
