import { join } from "node:path";
import { replaceFile } from "../../lib/files/disk/atomic_file.ts";
import { readJson, STATE_FILE } from "./folders.ts";
import type { ProcessRecord } from "./processes.ts";

/** `stack.json`: what runs, written when everything answers, for the other commands and for people. */
export interface StackState {
  mode: "local" | "docker";
  /** Bootstrap servers, `host:port,…`. */
  brokers: string;
  /** Base URL of the Confluent-compatible API. */
  registry: string;
  nodes: number;
  /** Port of the first broker. */
  kafkaPort: number;
  registryPort: number;
  /** Set if PostgreSQL is part of it; its passwords are in separate files. */
  postgresPort?: number;
  /** Set if clients have to log in. */
  secure?: {
    /** Bootstrap servers for clients with a certificate, `host:port,…`. */
    tlsBrokers: string;
  };
  /** By service name, such as `broker-1`, `registry` or `postgres`; none in Docker. */
  pids: Record<string, ProcessRecord>;
  /** ISO 8601. */
  startedAt: string;
}

/** The state of the stack in `dataDir`; undefined if there is none. Permission: read. */
export function readState(dataDir: string): StackState | undefined {
  return readJson(stateFile(dataDir));
}

/** Permissions: read, write of the data folder. */
export function writeState(dataDir: string, state: StackState): void {
  replaceFile(stateFile(dataDir), new TextEncoder().encode(JSON.stringify(state, null, 2) + "\n"));
}

/** Permission: write. */
export function removeState(dataDir: string): void {
  removeFile(stateFile(dataDir));
}

/** The process last started in `folder`; undefined if there was none. Permission: read. */
export function readPid(folder: string): ProcessRecord | undefined {
  return readJson(pidFile(folder));
}

/** Written at once, so that a killed start leaves no unknown process behind. */
export function writePid(folder: string, { pid, started }: ProcessRecord): void {
  Deno.writeTextFileSync(pidFile(folder), JSON.stringify({ pid, started }));
}

export function removePid(folder: string): void {
  removeFile(pidFile(folder));
}

function stateFile(dataDir: string): string {
  return join(dataDir, STATE_FILE);
}

function pidFile(folder: string): string {
  return join(folder, "pid.json");
}

function removeFile(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
