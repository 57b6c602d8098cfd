import { join } from "node:path";
import { type ProcessRecord } from "./processes.ts";

/** The checkout this tool belongs to; the stack lives below it whatever the current directory is. */
export const CHECKOUT = new URL("../../", import.meta.url).pathname;
export const DEFAULT_DATA_DIR = join(CHECKOUT, ".stack");

/** What a stack leaves for the other commands, for the next `up` and for `down`. */
export interface StackState {
  mode: "local" | "docker";
  /** `host:port,…`, as KAFKA_BOOTSTRAP_SERVERS has it. */
  brokers: string;
  /** As SCHEMA_REGISTRY_URL has it. */
  registry: string;
  nodes: number;
  kafkaPort: number;
  registryPort: number;
  /** Empty once the stack is down; ports stay, so that it comes back under the same address. */
  processes: Record<string, ProcessRecord>;
}

/** The state kept in a data folder; undefined where no stack was ever started. Permission: read. */
export function readState(dataDir: string): StackState | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(join(dataDir, "stack.json")));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Replaces the state whole. Permission: write. */
export function writeState(dataDir: string, state: StackState): void {
  const path = join(dataDir, "stack.json");
  Deno.writeTextFileSync(`${path}.tmp`, JSON.stringify(state, null, 2) + "\n");
  Deno.renameSync(`${path}.tmp`, path);
}
