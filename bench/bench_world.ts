import { join } from "node:path";
import type { KafkaConnection, RegistryConnection } from "../lib/connections.ts";
import { createKafka } from "../lib/kafka/client/client.ts";
import { createTopics } from "../lib/kafka/client/create_topics.ts";
import { ensureTopics } from "../lib/kafka/client/topics_admin.ts";
import { ORDERS_PARTITIONS } from "../lib/topics.ts";
import { taskCommand } from "../tests/support/commands.ts";
import type { DatabaseStackEnv } from "../tests/support/stack.ts";
import { databaseUrl } from "../tools/stack/postgres/database_url.ts";
import { SUPERUSER } from "../tools/stack/postgres/roles.ts";
import { databaseAddress } from "../tools/stack/postgres/stack_database.ts";
import { readState } from "../tools/stack/state.ts";
import { BenchDatabase, type BenchServer } from "./database.ts";
import type { KafkaTools } from "./kafka_tools.ts";
import { type ConsumeSummary, parseConsume, parseSend, type SendSummary } from "./our_output.ts";
import { Process } from "./process.ts";
import { StorageImage } from "./storage_image.ts";

export interface BenchSettings {
  /** Where the stack answers. */
  env: DatabaseStackEnv;
  /** Where the stack keeps its data and what runs. */
  dataDir: string;
  /** For storage folders; on the disk to be measured. */
  folder: string;
  /** Orders of a run. */
  orders: number;
  tools: KafkaTools;
}

/** Which storage, as `make_storage.ts` makes it. */
export interface StorageWish {
  /** Accepted orders in the log. */
  logged?: number;
  items?: number;
  /** Earlier batches and edits. */
  batches?: number;
  edits?: number;
}

/** Which orders a topic holds. */
export interface TopicWish {
  items?: number;
  /** As `produce --mix` takes it; all good by default. */
  mix?: string;
}

/** What a command works on. */
export interface Place {
  topic: string;
  /** The storage folder. */
  folder: string;
  /** URL of a database, which counts before the folder. */
  database?: string;
  group?: string;
}

/** Data made once and used by several works. */
interface Shared {
  storages: Map<string, Promise<StorageImage>>;
  topics: Map<string, Promise<string>>;
  databases: Map<string, Promise<BenchDatabase>>;
}

/** The stack that is measured on, and the commands as users run them: processes of their own. */
export class BenchWorld {
  readonly settings: BenchSettings;
  /** Ends the current work. */
  readonly signal: AbortSignal;
  readonly #shared: Shared;

  constructor(
    settings: BenchSettings,
    signal: AbortSignal,
    shared: Shared = { storages: new Map(), topics: new Map(), databases: new Map() },
  ) {
    this.settings = settings;
    this.signal = signal;
    this.#shared = shared;
  }

  /** The same world for a work that has to end with `signal`. */
  within(signal: AbortSignal): BenchWorld {
    return new BenchWorld(this.settings, signal, this.#shared);
  }

  get orders(): number {
    return this.settings.orders;
  }

  get kafka(): KafkaConnection {
    return { brokers: this.settings.env.KAFKA_BOOTSTRAP_SERVERS.split(",") };
  }

  get registry(): RegistryConnection {
    return { url: this.settings.env.SCHEMA_REGISTRY_URL };
  }

  /** An empty topic that nobody else has. */
  async newTopic(partitions = ORDERS_PARTITIONS): Promise<string> {
    const topic = newName();
    await createTopics(createKafka(this.kafka), [{ topic, numPartitions: partitions, replicationFactor: 1 }]);
    await ensureTopics(this.kafka, topic); // waits for it, too
    return topic;
  }

  /** An empty database that nobody else has. */
  async newDatabase(wish: { items?: number } = {}): Promise<BenchDatabase> {
    return await BenchDatabase.create(this.#server(), wish);
  }

  /** The database with ten times {@linkcode orders} accepted orders; the same one always, for it takes long to make. */
  longDatabase(): Promise<BenchDatabase> {
    return cached(this.#shared.databases, "long", async () => {
      const database = await this.newDatabase();
      await database.fill(10 * this.orders);
      return database;
    });
  }

  /** A topic with {@linkcode orders} orders like these; the same one for the same request. */
  topicWith({ items, mix = "unpaid=0" }: TopicWish = {}): Promise<string> {
    return cached(this.#shared.topics, `${items} ${mix}`, async () => {
      const [topic, { folder }] = [newName(), await this.storage({ items })];
      await this.send("produce", ["--count", `${this.orders}`, "--delay", "0", "--mix", mix], { topic, folder });
      return topic;
    });
  }

  /** A storage of this size; the same one for the same request, to be restored before use. */
  storage({ logged = 0, items = 3, batches = 0, edits = 0 }: StorageWish = {}): Promise<StorageImage> {
    const sizes = [logged, items, batches, edits].map(String);
    return cached(this.#shared.storages, sizes.join(" "), async () => {
      const folder = join(this.settings.folder, `storage-${sizes.join("-")}`);
      await this.script("make_storage", folder, sizes);
      return new StorageImage(folder);
    });
  }

  /** Runs `produce` or `replay` on the storage folder; returns its summary. */
  async send(
    name: "produce" | "replay",
    args: readonly string[],
    place: Place,
  ): Promise<SendSummary> {
    const command = taskCommand(name, [...args, "--json"], this.#env(place));
    return parseSend(await finish(name, new Process(command, this)));
  }

  /** Judges all of `topic` with a new group; returns the summary. */
  async consume(topic: string, { folder }: StorageImage): Promise<ConsumeSummary> {
    const summary = parseConsume(await finish("consume", this.startConsumer({ topic, folder, args: ["--until-end"] })));
    if (summary.orders !== this.orders) {
      throw new Error(`consume judged ${summary.orders} orders of ${this.orders}`);
    }
    return summary;
  }

  /** Starts a consumer, of a new group where none is named; the caller ends it. */
  startConsumer({ args = [], onLine, ...place }: Place & {
    args?: readonly string[];
    onLine?: (line: string) => void;
  }): Process {
    return new Process(taskCommand("consume", args, this.#env(place)), { signal: this.signal, onLine });
  }

  /** Runs a task that needs nothing but the storage folder; its output, and the milliseconds it took. */
  async timed(
    name: string,
    args: readonly string[],
    { folder }: StorageImage,
  ): Promise<{ ms: number; stdout: string }> {
    const since = performance.now();
    const stdout = await finish(name, new Process(taskCommand(name, args, { STORAGE_DIR: folder }), this));
    return { ms: performance.now() - since, stdout };
  }

  /**
   * Runs a script of the bench on a folder; its output. They end by `main()`, which exits: Deno's own end of a process
   * crashes once in a hundred times if V8 is still compiling (denoland/deno#12653).
   */
  async script(name: string, folder: string, args: readonly string[] = []): Promise<string> {
    const script = join(import.meta.dirname!, `${name}.ts`);
    const grants = ["--no-prompt", `--allow-read=${folder}`, `--allow-write=${folder}`];
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", ...grants, script, folder, ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
    return await finish(name, new Process(command, this));
  }

  /** Runs one of the peers; its output. */
  async peer(tool: string, args: readonly string[]): Promise<string> {
    const server = ["--bootstrap-server", this.settings.env.KAFKA_BOOTSTRAP_SERVERS];
    return await this.settings.tools.run(tool, [...server, ...args], this.signal);
  }

  #env({ topic, folder, database = "", group = newName() }: Place): Record<string, string> {
    const place = { STORAGE_DIR: folder, DATABASE_URL: database, ORDERS_TOPIC: topic, CONSUMER_GROUP_ID: group };
    return { ...this.settings.env, ...place };
  }

  #server(): BenchServer {
    const { env: { DATABASE_URL: url }, dataDir } = this.settings;
    const address = databaseAddress({ dataDir, secure: false }, readState(dataDir)!.postgresPort!);
    return { url, superuserUrl: databaseUrl(address, SUPERUSER) };
  }
}

/** What a process printed, once it has ended well. */
async function finish(what: string, process: Process): Promise<string> {
  await using running = process;
  const { code, stdout, stderr } = await running.end;
  if (code !== 0) throw new Error(`${what} ended with ${code}: ${(stderr || stdout).trim().slice(-500)}`);
  return stdout;
}

export function newName(): string {
  return `bench-${crypto.randomUUID()}`;
}

/** The value under `key`, made if missing; a failure is retried next time. */
function cached<T>(values: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const found = values.get(key);
  if (found !== undefined) return found;
  const made = make();
  values.set(key, made);
  made.catch(() => values.delete(key));
  return made;
}
