import { join } from "node:path";

/** The folder of deno.json. */
export const CHECKOUT = join(import.meta.dirname!, "../..");

/** Where a stack keeps its state by default. */
export const DEFAULT_DATA_DIR = join(CHECKOUT, ".stack");

const BROKER = /^broker-\d+$/;
export const REGISTRY = "registry";
export const POSTGRES = "postgres";
/** Held by whoever starts or stops the stack. */
export const LOCK_FILE = "stack.lock";
/** The id of the local stack's cluster. */
export const CLUSTER_ID_FILE = "cluster-id";
/** Exists once `--docker` was used: Docker then holds data of this stack. */
export const DOCKER_FILE = "docker";
export const STATE_FILE = "stack.json";
/** The ports of last time. */
export const PLAN_FILE = "ports.json";
/** Exists if the data belongs to a secure stack. */
export const SECURE_FOLDER = "secure";
/** Prefix of the names of jar folders. */
export const JARS_PREFIX = "jars-";
/** Held by whoever fetches the jars. */
export const FETCH_LOCK_FILE = "fetch.lock";
const FILES = [STATE_FILE, PLAN_FILE, CLUSTER_ID_FILE, DOCKER_FILE, SECURE_FOLDER, LOCK_FILE];

export function brokerName(id: number): string {
  return `broker-${id}`;
}

/**
 * The services that the stack in `dataDir` has data of: `broker-1` and so on, `postgres`, `registry`. Permission: read.
 */
export function partsOnDisk(dataDir: string): string[] {
  try {
    return [...Deno.readDirSync(dataDir)].map(({ name }) => name).filter(isService).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** How many brokers the data in `dataDir` belongs to, 0 if there is none. Permission: read. */
export function brokersOnDisk(dataDir: string): number {
  return partsOnDisk(dataDir).filter((name) => BROKER.test(name)).length;
}

/**
 * Removes everything a stack keeps in `dataDir`, and the folder itself if it is empty then. Only the checkout's own
 * folder keeps its jars, which serve all stacks. Permissions: read, write.
 */
export function removeData(dataDir: string): void {
  const jars = dataDir === DEFAULT_DATA_DIR
    ? []
    : [...Deno.readDirSync(dataDir)].map(({ name }) => name).filter(isJars);
  for (const name of [...partsOnDisk(dataDir), ...FILES, ...jars]) removeTree(join(dataDir, name));
  if ([...Deno.readDirSync(dataDir)].length === 0) Deno.removeSync(dataDir);
}

/** The contents of a JSON file; undefined if it is missing or half written. Permission: read. */
export function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(path));
  } catch (error) {
    // A kill in the middle of the write leaves half a file.
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Removes a file, or a folder with everything in it; fine if there is none. Permission: write. */
export function removeTree(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Whether the folder exists and may be listed. Permission: read. */
export function isReadable(folder: string): boolean {
  try {
    Array.from(Deno.readDirSync(folder));
    return true;
  } catch {
    return false;
  }
}

/** Whether files can be created in the folder, which is itself created if missing. Permissions: read, write. */
export function isWritable(folder: string): boolean {
  try {
    Deno.mkdirSync(folder, { recursive: true });
    Deno.removeSync(Deno.makeTempFileSync({ dir: folder }));
    return true;
  } catch {
    return false;
  }
}

/** Whether `name` is a jar folder or its lock. */
function isJars(name: string): boolean {
  return name === FETCH_LOCK_FILE || name.startsWith(JARS_PREFIX);
}

function isService(name: string): boolean {
  return name === REGISTRY || name === POSTGRES || BROKER.test(name);
}
