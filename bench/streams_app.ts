import { join } from "node:path";
import { storageLayout } from "../lib/files/disk/layout.ts";
import { DEFAULT_DATA_DIR } from "../tools/stack/folders.ts";
import { providePackage } from "../tools/stack/maven.ts";
import type { KafkaTools } from "./kafka_tools.ts";
import { parseStreams, type StreamsFigures } from "./peer_output.ts";

const PROJECT = join(import.meta.dirname!, "streams");
const SOURCES = join(PROJECT, "src", "orders");

export interface StreamsRun {
  brokers: string;
  topic: string;
  /** The empty topic for what is accepted, with as many partitions. */
  output: string;
  /** Holds the CSV files with users and opening stock, which are only read. */
  storage: string;
  /** The group, which nobody else has. */
  group: string;
  /** An empty folder for the state stores. */
  stateDir: string;
}

/** The Kafka Streams application in `bench/streams`, which accepts what `consume` accepts. */
export class StreamsApp {
  readonly #tools: KafkaTools;
  readonly #classpath: readonly string[];

  private constructor(tools: KafkaTools, classpath: readonly string[]) {
    this.#tools = tools;
    this.#classpath = classpath;
  }

  /** Built with Maven the first time. Permissions: run mvn; read, write of `.stack`. */
  static async provide(tools: KafkaTools, stop: AbortSignal): Promise<StreamsApp> {
    const sources = [...Deno.readDirSync(SOURCES)].map(({ name }) => join(SOURCES, name)).sort();
    const wanted = { what: "Kafka Streams", megabytes: 80, pom: join(PROJECT, "pom.xml"), sources };
    const folder = await providePackage(wanted, DEFAULT_DATA_DIR, stop);
    const lib = join(folder, "lib");
    const jars = [...Deno.readDirSync(lib)].map(({ name }) => join(lib, name)).sort();
    return new StreamsApp(tools, [join(folder, "classes"), ...jars]);
  }

  /** Judges all of a topic from its beginning. Permission: run java. */
  async judge(run: StreamsRun, signal: AbortSignal): Promise<StreamsFigures> {
    const { users, inventory } = storageLayout(run.storage);
    const settings = {
      "bootstrap.servers": run.brokers,
      "application.id": run.group,
      "state.dir": run.stateDir,
      topic: run.topic,
      output: run.output,
      users,
      inventory,
    };
    const args = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
    return parseStreams(await this.#tools.runClass("orders.JudgeOrders", args, { signal, classpath: this.#classpath }));
  }
}
