import { delimiter } from "node:path";
import { EXIT, Failure } from "../lib/errors.ts";
import { DEFAULT_DATA_DIR } from "../tools/stack/folders.ts";
import { type Jars, provideJars } from "../tools/stack/jars.ts";
import { findJava, isUnfit, type Java, JAVA_ENV } from "../tools/stack/toolchain.ts";
import { Process } from "./process.ts";

/** As Kafka's own scripts start programs. */
const JVM_FLAGS = [
  "-Xmx512M",
  "-server",
  "-XX:+UseG1GC",
  "-XX:MaxGCPauseMillis=20",
  "-XX:InitiatingHeapOccupancyPercent=35",
  "-XX:+ExplicitGCInvokesConcurrent",
];
/** They log to stderr through slf4j-simple. */
const LOG_FLAG = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn";

/** Runs the peers: Kafka's tools for measuring, from its jars, and what is built on these. */
export class KafkaTools {
  readonly #java: Java;
  readonly #jars: Jars;

  private constructor(java: Java, jars: Jars) {
    this.#java = java;
    this.#jars = jars;
  }

  /** Permissions: run java and mvn, env JAVA_HOME; read, write of `.stack`. */
  static async find(stop: AbortSignal): Promise<KafkaTools> {
    const java = await findJava();
    if (isUnfit(java)) {
      throw new Failure(EXIT.config, `The peers need Java 17 or later; ${java.found}: ${java.remedy}`);
    }
    return new KafkaTools(java, await provideJars(DEFAULT_DATA_DIR, stop));
  }

  /** Runs one of Kafka's tools to its end; its output. Throws if it fails. Permission: run java. */
  run(tool: string, args: readonly string[], signal: AbortSignal): Promise<string> {
    return this.runClass(`org.apache.kafka.tools.${tool}`, args, { signal });
  }

  /** The same of any class; `classpath` holds what it needs beside Kafka's jars. */
  async runClass(
    mainClass: string,
    args: readonly string[],
    { signal, classpath = [] }: { signal: AbortSignal; classpath?: readonly string[] },
  ): Promise<string> {
    const paths = [...classpath, this.#jars.kafkaClasspath].join(delimiter);
    const command = new Deno.Command(this.#java.path, {
      args: [...JVM_FLAGS, LOG_FLAG, "-cp", paths, mainClass, ...args],
      env: JAVA_ENV,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
    await using process = new Process(command, { signal });
    const { code, stdout, stderr } = await process.end;
    signal.throwIfAborted();
    if (code !== 0) throw new Error(`${mainClass} ended with ${code}: ${(stdout + stderr).trim().slice(-500)}`);
    return stdout;
  }
}
