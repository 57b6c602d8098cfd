import { join } from "node:path";
import { counted } from "../../lib/counted.ts";
import { EXIT, Failure } from "../../lib/errors.ts";
import { brokersOnDisk, PLAN_FILE, readJson } from "./folders.ts";
import { freePorts, isFree } from "./ports.ts";
import type { StackState } from "./state.ts";

export const KAFKA_PORT = 9092;
export const REGISTRY_PORT = 8081;

/** What `up` was asked for. */
export interface StackWish {
  /** Where the stack keeps its state, absolute. */
  dataDir: string;
  /** Number of brokers; by default that of the data folder, else one. */
  nodes?: number;
  /**
   * Port of the first broker, 0 for free ports; 9092 by default the first time. Further brokers take the ports after
   * it.
   */
  kafkaPort?: number;
  /** Port of the registry, 0 for a free one; 8081 by default the first time. */
  registryPort?: number;
  /** Topic of the orders. */
  topic: string;
  /** Consumer group of the orders; the only one that the consumer of a secure stack may use. */
  group: string;
  /** Clients have to log in, and have the rights of their user. */
  secure: boolean;
  /** With a database. */
  postgres: boolean;
}

/** Where each service listens. */
export interface StackPlan {
  /** Ports of the brokers. */
  brokers: number[];
  registry: number;
  /** Ports of the brokers for clients with a certificate; secure stacks only. */
  tls?: number[];
  postgres?: number;
}

/** The plan of a running stack, without the database, which may be new. */
export function planOf(state: StackState): StackPlan {
  return {
    brokers: portsOf(state.brokers),
    registry: state.registryPort,
    tls: state.secure && portsOf(state.secure.tlsBrokers),
  };
}

/** The port of the stack's database: the last one, unless another process has taken it. Permissions: net, read. */
export function postgresPort(dataDir: string, { isRunning }: { isRunning: boolean }): number {
  const last = lastPlan(dataDir)?.postgres;
  return last !== undefined && (isRunning || isFree(last)) ? last : freePorts(1)[0];
}

function portsOf(brokers: string): number[] {
  return brokers.split(",").map((broker) => Number(broker.split(":")[1]));
}

/**
 * Remembers ports across a `down`, so that clients find the stack where it was; those not in the plan stay as they
 * were.
 *
 * Permissions: read, write of the data folder.
 */
export function rememberPlan(dataDir: string, plan: Partial<StackPlan>): void {
  Deno.writeTextFileSync(join(dataDir, PLAN_FILE), JSON.stringify({ ...lastPlan(dataDir), ...plan }));
}

function lastPlan(dataDir: string): Partial<StackPlan> | undefined {
  return readJson(join(dataDir, PLAN_FILE));
}

/**
 * Plans a stack: what was asked for, else as last time, else the usual ports.
 *
 * Throws a {@linkcode Failure} (78) if the data belongs to another number of nodes. Permissions: net, read.
 */
export function newPlan(wish: StackWish): StackPlan {
  const onDisk = brokersOnDisk(wish.dataDir);
  const nodes = wish.nodes ?? (onDisk || 1);
  if (onDisk !== 0 && onDisk !== nodes) {
    throw new Failure(
      EXIT.config,
      `${wish.dataDir} holds the data of ${counted(onDisk, "node")}, not ${nodes}: pass another --data-dir, ` +
        `or delete it with deno task down --purge`,
    );
  }
  const last = lastPlan(wish.dataDir);
  const [freeRegistry, ...free] = freePorts(1 + 2 * nodes);
  const registry = wish.registryPort ?? last?.registry ?? REGISTRY_PORT;
  return {
    brokers: brokerPorts(wish.kafkaPort, { last: last?.brokers, free: free.slice(0, nodes) }),
    registry: registry === 0 ? freeRegistry : registry,
    ...(wish.secure && { tls: last?.tls?.every(isFree) ? last.tls : free.slice(nodes) }),
    ...(wish.postgres && { postgres: postgresPort(wish.dataDir, { isRunning: false }) }),
  };
}

function brokerPorts(
  asked: number | undefined,
  { last, free }: { last: number[] | undefined; free: number[] },
): number[] {
  if (asked === 0) return free;
  if (asked === undefined && last?.length === free.length) return last;
  return free.map((_, index) => (asked ?? KAFKA_PORT) + index);
}
