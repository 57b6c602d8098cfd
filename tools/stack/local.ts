import { EXIT, Failure } from "../../lib/errors.ts";
import { requireBrokers } from "../../lib/kafka/client.ts";
import { type Jars, requireJars } from "./jars.ts";
import { keepArchives, type Ports, startKafka, startRegistry } from "./local_programs.ts";
import { isAlive, type ProcessRecord, stopProcess } from "./processes.ts";
import { readState, type StackState, writeState } from "./state.ts";

const START_TIMEOUT_MS = 60_000;
const POLL_MS = 100;
const KAFKA_PORT = 9092;
const REGISTRY_PORT = 8081;

export interface LocalRequest {
  dataDir: string;
  nodes?: number;
  /** 0 asks for any free port; undefined for the ones of last time, or the usual ones. */
  kafkaPort?: number;
  registryPort?: number;
}

/**
 * Starts what is not running of a stack from jars, broker and registry side by side, and returns once both answer.
 *
 * What it started is ended again where that fails or `stop` aborts. Throws a {@linkcode Failure}: 75 a port is taken,
 * 1 a program did not start, naming its log. Permissions: net, run java and mvn, read and write of the data folder.
 */
export async function upLocal(
  request: LocalRequest,
  stop: AbortSignal,
  say: (sentence: string) => void,
): Promise<{ state: StackState; started: number }> {
  const { dataDir } = request;
  Deno.mkdirSync(dataDir, { recursive: true });
  const jars = await requireJars(say);
  const last = readState(dataDir);
  const alive = Object.entries(last?.processes ?? {}).filter(([, record]) => isAlive(record));
  const state = alive.length > 0 ? last! : freshState(request, last);
  const running = Object.fromEntries(alive);
  const started: Record<string, ProcessRecord> = {};
  try {
    await startMissing(jars, dataDir, state, running, started);
    await untilReady(state, { ...running, ...started }, stop);
  } catch (error) {
    await Promise.all(Object.values(started).map(stopProcess));
    throw error;
  }
  const complete = { ...state, processes: { ...running, ...started } };
  writeState(dataDir, complete);
  return { state: complete, started: Object.keys(started).length };
}

/** Ends the processes of a stack and keeps its data. Permissions: run (to signal), read and write of the data folder. */
export async function downLocal(dataDir: string, state: StackState): Promise<void> {
  await Promise.all(Object.values(state.processes).map(stopProcess));
  keepArchives(await requireJars(() => {}), dataDir);
  writeState(dataDir, { ...state, processes: {} });
}

async function startMissing(
  jars: Jars,
  dataDir: string,
  state: StackState,
  running: Record<string, ProcessRecord>,
  started: Record<string, ProcessRecord>,
): Promise<void> {
  const ports = portsOf(state);
  const names = ports.kafka.map((_, index) => `kafka-${index + 1}`);
  const missing = (name: string) => !(name in running);
  if (missing("registry")) {
    requireFree(ports.registry, "--registry-port");
    started.registry = startRegistry(jars, dataDir, ports);
  }
  await Promise.all(names.map(async (name, index) => {
    if (!missing(name)) return;
    requireFree(ports.kafka[index], "--kafka-port");
    started[name] = await startKafka(jars, dataDir, ports, index + 1);
  }));
}

function freshState({ nodes, kafkaPort, registryPort }: LocalRequest, last: StackState | undefined): StackState {
  const count = nodes ?? last?.nodes ?? 1;
  const kafka = kafkaPort === 0 ? freePorts(2 * count) : kafkaPort ?? last?.kafkaPort ?? KAFKA_PORT;
  const registry = registryPort === 0 ? freePorts(1) : registryPort ?? last?.registryPort ?? REGISTRY_PORT;
  const ports = Array.from({ length: count }, (_, index) => `127.0.0.1:${kafka + index}`);
  return {
    mode: "local",
    brokers: ports.join(","),
    registry: `http://127.0.0.1:${registry}/apis/ccompat/v7`,
    nodes: count,
    kafkaPort: kafka,
    registryPort: registry,
    processes: {},
  };
}

function portsOf({ kafkaPort, registryPort, nodes }: StackState): Ports {
  const numbers = Array.from({ length: nodes }, (_, index) => index);
  return {
    kafka: numbers.map((index) => kafkaPort + index),
    controllers: numbers.map((index) => kafkaPort + nodes + index),
    registry: registryPort,
  };
}

/** Returns when every program answers; fails at once when one of them ends instead. */
async function untilReady(
  state: StackState,
  processes: Record<string, ProcessRecord>,
  stop: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  const pending = new Map(state.brokers.split(",").map((broker) => [broker, () => listens(broker)]));
  pending.set(state.registry, () => answers(`${state.registry}/subjects`));
  while (pending.size > 0) {
    if (stop.aborted) throw new Failure(EXIT.failed, "Interrupted: nothing was left running");
    for (const [name, record] of Object.entries(processes)) if (!isAlive(record)) throw ended(name, record);
    if (Date.now() > deadline) {
      throw new Failure(EXIT.failed, `No answer from ${[...pending.keys()].join(", ")} in 60 s`);
    }
    for (const [address, isReady] of pending) if (await isReady()) pending.delete(address);
    if (pending.size > 0) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  await requireBrokers(state.brokers.split(","));
}

function ended(name: string, { log }: ProcessRecord): Failure {
  const lines = Deno.readTextFileSync(log).trim().split("\n");
  const telling = lines.findLast((line) => /exception|error|fatal/i.test(line) && !/^\s+at /.test(line)) ??
    lines.at(-1);
  return new Failure(EXIT.failed, `${name} ended at its start: ${telling?.trim()} (see ${log})`);
}

async function listens(address: string): Promise<boolean> {
  const [hostname, port] = address.split(":");
  try {
    (await Deno.connect({ hostname, port: Number(port) })).close();
    return true;
  } catch {
    return false; // not yet
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false; // not yet
  }
}

function requireFree(port: number, flag: string): void {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new Failure(EXIT.busy, `Port ${port} is taken by another program: stop it, or choose another with ${flag}`);
  }
}

/** The first of `count` free ports in a row. */
function freePorts(count: number): number {
  for (let attempt = 0; attempt < 100; attempt++) {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const first = listener.addr.port;
    listener.close();
    const rest = Array.from({ length: count }, (_, index) => first + index);
    if (first + count < 65_536 && rest.every(isFree)) return first;
  }
  throw new Failure(EXIT.busy, `There are no ${count} free ports in a row`);
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch {
    return false;
  }
}
