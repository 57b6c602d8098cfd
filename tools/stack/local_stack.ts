import { join } from "node:path";
import { EXIT, Failure } from "../../lib/errors.ts";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { ensureTopics } from "../../lib/kafka/client/topics_admin.ts";
import { format, writeServerProperties } from "./broker_folder.ts";
import { brokerName, partsOnDisk, POSTGRES, REGISTRY } from "./folders.ts";
import { type Jars, jarsFolder, provideJars } from "./jars.ts";
import { brokerCommand, dropArchives, keepArchives, registryCommand } from "./jvm.ts";
import { endedEarly, JvmCrash, type StartedService, startService } from "./service.ts";
import { newPlan, planOf, postgresPort, rememberPlan, type StackPlan, type StackWish } from "./plan.ts";
import { HOST, requireFree } from "./ports.ts";
import { provideDatabase } from "./postgres/database.ts";
import { writeDatabaseEnvFiles } from "./postgres/database_url.ts";
import { providePrograms } from "./postgres/programs.ts";
import { startServer, STOP_SERVER } from "./postgres/server.ts";
import { databaseAddress, serverCertificate } from "./postgres/stack_database.ts";
import { isAlive, type ProcessRecord, terminate } from "./processes.ts";
import { brokersAnswer, registryAnswers, waitUntil } from "./readiness.ts";
import { aclsOf, createAcls } from "./secure/acls.ts";
import { writeEnvFiles } from "./secure/env_files.ts";
import { provideSecrets, secureConnection } from "./secure/secrets.ts";
import { readPid, readState, removePid, removeState, type StackState, writeState } from "./state.ts";
import type { Java } from "./toolchain.ts";

/** A single broker may use more memory than each of three. */
const HEAP_MB = { one: 512, ofSeveral: 256 };

export interface LocalStack {
  state: StackState;
  /** The services that were not running before. */
  started: string[];
}

/**
 * Starts the services of the local stack in `wish.dataDir` that do not run yet, and returns when all answer and the
 * topics exist. Services that run already stay as they are, including their ports.
 *
 * Throws a {@linkcode Failure}, having stopped what it started: 69 if a service does not come up, 75 if a port is
 * taken, 78 if the data belongs to another number of nodes. The caller holds the stack's lock. Permissions: net; run
 * java, mvn, sh; env of kafkajs; read, write of the data folder and of the jars.
 */
export async function startLocal(java: Java, wish: StackWish, stop: AbortSignal): Promise<LocalStack> {
  const jars = await provideJars(wish.dataDir, stop);
  const programs = wish.postgres ? await providePrograms(wish.dataDir, stop) : undefined;
  try {
    return await start({ java, jars, programs, wish, stop });
  } catch (error) {
    if (!(error instanceof JvmCrash)) throw error;
    dropArchives(java, jars);
    return await start({ java, jars, programs, wish, stop });
  }
}

interface StartOptions {
  java: Java;
  jars: Jars;
  /** The folder of PostgreSQL's programs, if a database is wanted. */
  programs?: string;
  wish: StackWish;
  stop: AbortSignal;
}

async function start({ java, jars, programs, wish, stop }: StartOptions): Promise<LocalStack> {
  const { dataDir } = wish;
  const plan = await planStart(wish);
  const running = await runningServices(dataDir);
  const missing = partsOf(plan).filter((name) => !running.has(name));
  requireFreePorts(plan, missing);
  rememberPlan(dataDir, plan);

  const started: StartedService[] = [];
  try {
    if (plan.brokers.every((_, index) => missing.includes(brokerName(index + 1)))) {
      if (wish.secure) await provideSecrets(dataDir);
      writeServerProperties(dataDir, plan);
    }
    await startMissing(missing, { java, jars, programs, plan, dataDir, started, stop });
    await whenReady(plan, { started, wish, stop });
    const state = stateOf(plan, await runningServices(dataDir));
    if (started.length > 0) writeState(dataDir, state);
    if (wish.secure) writeEnvFiles(dataDir, state);
    if (plan.postgres !== undefined) writeDatabaseEnvFiles(databaseAddress(wish, plan.postgres));
    return { state, started: missing };
  } catch (error) {
    await stopServices(dataDir, started.map(({ name }) => name));
    if (stop.aborted) {
      throw new Failure(EXIT.failed, "Interrupted; what was started is stopped again", { cause: error });
    }
    throw error;
  }
}

/**
 * Stops every process of the local stack in `dataDir`; its data stays. Returns the services that ran.
 *
 * Permissions: run sh; read, write of the data folder and of the jars.
 */
export async function stopLocal(dataDir: string): Promise<string[]> {
  const stopped = await stopServices(dataDir, [...(await runningServices(dataDir)).keys()]);
  removeState(dataDir);
  return stopped;
}

/** The services of the stack in `dataDir` that run. Permissions: run sh, read. */
export async function runningServices(dataDir: string): Promise<Map<string, ProcessRecord>> {
  const running = new Map<string, ProcessRecord>();
  for (const name of partsOnDisk(dataDir)) {
    const record = readPid(join(dataDir, name));
    if (record !== undefined && await isAlive(record)) running.set(name, record);
  }
  return running;
}

/** The plan of the running stack, else a new one. */
async function planStart(wish: StackWish): Promise<StackPlan> {
  const state = readState(wish.dataDir);
  const running = await runningServices(wish.dataDir);
  if (running.size > 0 && state !== undefined) {
    const isRunning = running.has(POSTGRES);
    return { ...planOf(state), ...(wish.postgres && { postgres: postgresPort(wish.dataDir, { isRunning }) }) };
  }
  // Processes but no state: an earlier start was killed before it wrote the state.
  await stopLocal(wish.dataDir);
  return newPlan(wish);
}

/** Names of the services that a plan has. */
function partsOf({ brokers, postgres }: StackPlan): string[] {
  const names = [...brokers.keys().map((index) => brokerName(index + 1)), REGISTRY];
  return postgres === undefined ? names : [...names, POSTGRES];
}

function requireFreePorts(plan: StackPlan, missing: readonly string[]): void {
  plan.brokers.forEach((port, index) => {
    if (missing.includes(brokerName(index + 1))) requireFree(port, "--kafka-port");
  });
  if (missing.includes(REGISTRY)) requireFree(plan.registry, "--registry-port");
}

interface StartContext extends Omit<StartOptions, "wish"> {
  plan: StackPlan;
  dataDir: string;
  /** Receives each service as soon as its process exists. */
  started: StartedService[];
}

async function startMissing(missing: readonly string[], context: StartContext): Promise<void> {
  const starts = await Promise.allSettled(missing.map((name) => startOne(name, context)));
  const failed = starts.find((start) => start.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

async function startOne(name: string, context: StartContext): Promise<void> {
  const { java, jars, programs, plan, dataDir, started, stop } = context;
  const folder = join(dataDir, name);
  if (name === POSTGRES) {
    const tls = plan.tls && serverCertificate(dataDir);
    started.push(await startServer(folder, { programs: programs!, port: plan.postgres!, tls, stop }));
    return;
  }
  Deno.mkdirSync(folder, { recursive: true });
  let command: string[];
  if (name === REGISTRY) {
    command = registryCommand(java, jars, { folder, port: plan.registry });
  } else {
    await format(folder, { java, jars, stop });
    const heapMb = plan.brokers.length === 1 ? HEAP_MB.one : HEAP_MB.ofSeveral;
    command = brokerCommand(java, jars, { folder, heapMb });
  }
  stop.throwIfAborted();
  started.push(await startService(name, folder, command));
}

async function whenReady(
  plan: StackPlan,
  { started, wish, stop }: { started: StartedService[]; wish: StackWish; stop: AbortSignal },
): Promise<void> {
  const giveUp = new AbortController();
  const signal = AbortSignal.any([stop, giveUp.signal]);
  const brokers = brokersOf(plan);
  const connection = wish.secure ? secureConnection(wish.dataDir, brokers, "admin") : { brokers };
  const kafka = waitUntil(() => brokersAnswer(connection), { what: `Kafka at ${brokers.join(",")}`, stop: signal })
    .then(async () => {
      await ensureTopics(connection, wish.topic);
      if (wish.secure) await createAcls(createKafka(connection), aclsOf(wish));
    });
  const url = registryOf(plan);
  const registry = waitUntil(() => registryAnswers(url), { what: `The registry at ${url}`, stop: signal });
  const database = plan.postgres === undefined
    ? Promise.resolve()
    : provideDatabase(databaseAddress(wish, plan.postgres), signal);
  try {
    await Promise.race([Promise.all([kafka, registry, database]), ...started.map(endedEarly)]);
  } finally {
    giveUp.abort();
    await Promise.allSettled([kafka, registry, database]);
  }
}

async function stopServices(dataDir: string, names: readonly string[]): Promise<string[]> {
  const records = (names: readonly string[]) =>
    names.map((name) => readPid(join(dataDir, name))).filter((record) => record !== undefined);
  const [obeyed] = await Promise.all([
    terminate(records(names.filter((name) => name !== POSTGRES))),
    terminate(records(names.filter((name) => name === POSTGRES)), STOP_SERVER),
  ]);
  for (const name of partsOnDisk(dataDir)) {
    if (!names.includes(name)) continue;
    keepArchives(join(dataDir, name), await jarsFolder(dataDir), obeyed);
    removePid(join(dataDir, name));
  }
  return [...names];
}

function stateOf(plan: StackPlan, running: ReadonlyMap<string, ProcessRecord>): StackState {
  return {
    mode: "local",
    brokers: addressesOf(plan.brokers),
    registry: registryOf(plan),
    nodes: plan.brokers.length,
    kafkaPort: plan.brokers[0],
    registryPort: plan.registry,
    postgresPort: plan.postgres,
    secure: plan.tls && { tlsBrokers: addressesOf(plan.tls) },
    pids: Object.fromEntries(running),
    startedAt: new Date().toISOString(),
  };
}

function brokersOf(plan: StackPlan): string[] {
  return plan.brokers.map((port) => `${HOST}:${port}`);
}

function addressesOf(ports: readonly number[]): string {
  return ports.map((port) => `${HOST}:${port}`).join(",");
}

/** Apicurio has several APIs; Confluent's is below this path. */
function registryOf(plan: StackPlan): string {
  return `http://${HOST}:${plan.registry}/apis/ccompat/v7`;
}
