import { print } from "../lib/cli/print.ts";
import type { KafkaConnection, RegistryConnection } from "../lib/connections.ts";
import { EXIT, Failure } from "../lib/errors.ts";
import { POSTGRES } from "../tools/stack/folders.ts";
import { runningServices, startLocal, stopLocal } from "../tools/stack/local_stack.ts";
import type { StackWish } from "../tools/stack/plan.ts";
import { signal } from "../tools/stack/processes.ts";
import type { StackState } from "../tools/stack/state.ts";
import { findJava, isUnfit, type Java } from "../tools/stack/toolchain.ts";

/** Where a drill plays. */
export interface Place {
  /** Brokers of this machine. */
  kafka: KafkaConnection;
  registry: RegistryConnection;
  /** Missing where the stack is somebody else's: it is not to be harmed. */
  own?: OwnStack;
}

/** The port of the place's first broker. */
export function portOf({ kafka: { brokers: [broker] } }: Place): number {
  return Number(broker.slice(broker.indexOf(":") + 1));
}

/** A stack in a temporary folder and on free ports, which goes with all its data when disposed of. */
export class OwnStack implements AsyncDisposable {
  readonly #java: Java;
  readonly #stop: AbortSignal;
  #wish: StackWish;
  #state: StackState | undefined;

  private constructor(java: Java, wish: StackWish, stop: AbortSignal) {
    this.#java = java;
    this.#wish = wish;
    this.#stop = stop;
  }

  /**
   * Starts Kafka and a registry. Throws a {@linkcode Failure}: 78 without Java and Maven, 69 if they do not come up.
   * Permissions: those of `up`.
   */
  static async start({ nodes }: { nodes: 1 | 3 }, stop: AbortSignal): Promise<OwnStack> {
    const java = await findJava();
    if (isUnfit(java)) {
      throw new Failure(EXIT.config, `A drill kills its own Kafka, so it needs Java 17; ${java.found}: ${java.remedy}`);
    }
    const dataDir = Deno.makeTempDirSync({ prefix: "drill-stack-" });
    const ports = { kafkaPort: 0, registryPort: 0 };
    const names = { topic: "orders", group: "order-processor" };
    const stack = new OwnStack(java, { dataDir, nodes, ...ports, ...names, secure: false, postgres: false }, stop);
    const brokers = nodes === 1 ? "Kafka" : `${nodes} brokers of Kafka`;
    print(`Starting ${brokers} and a registry to throw away, in ${dataDir}`);
    // While they start, too; once all is gone there is nothing to kill, nor a folder to look in.
    stop.addEventListener("abort", () => void stack.#killServices().catch(() => {}), { once: true });
    try {
      await stack.startMissing();
      return stack;
    } catch (error) {
      await stack[Symbol.asyncDispose]();
      stop.throwIfAborted();
      throw error;
    }
  }

  get place(): Place {
    const { brokers, registry } = this.#state!;
    return { kafka: { brokers: brokers.split(",") }, registry: { url: registry }, own: this };
  }

  get dataDir(): string {
    return this.#wish.dataDir;
  }

  /** The port of its PostgreSQL, started the first time; a {@linkcode Failure} if this machine cannot run one. */
  async postgresPort(): Promise<number> {
    this.#wish = { ...this.#wish, postgres: true };
    try {
      if (this.#state?.postgresPort === undefined) await this.startMissing();
    } finally {
      this.#wish = { ...this.#wish, postgres: this.#state?.postgresPort !== undefined };
    }
    return this.#state!.postgresPort!;
  }

  /** `kill -9` for a service such as `registry` or `broker-1`; returns its process id. Permission: run sh. */
  async kill(name: string): Promise<number> {
    const record = (await runningServices(this.dataDir)).get(name);
    if (record === undefined) throw new Failure(EXIT.failed, `${name} does not run`);
    await signal("KILL", [record]);
    return record.pid;
  }

  /** Starts what does not run, and returns when it answers. */
  async startMissing(): Promise<void> {
    this.#state = (await startLocal(this.#java, this.#wish, this.#stop)).state;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stop.aborted) await this.#killServices();
    await stopLocal(this.dataDir);
    Deno.removeSync(this.dataDir, { recursive: true });
  }

  /**
   * After Ctrl-C brokers and registry are killed, not asked to end: of three brokers that are asked at once, each waits
   * up to 30 s for the others, and a second Ctrl-C meanwhile would leave everything behind.
   */
  async #killServices(): Promise<void> {
    const running = await runningServices(this.dataDir);
    running.delete(POSTGRES); // ends quickly, and killed it would leave shared memory behind
    await signal("KILL", [...running.values()]);
  }
}
